package io.ltxfs.objectstore.tools;

import io.ltxfs.objectstore.ObjectKeys;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import org.gaul.s3proxy.blobstore.S3Exceptions;
import org.gaul.s3proxy.blobstore.domain.MultipartUpload;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Checks the condition of a put and does it in one step. S3Proxy as it comes checks first and puts later, and loses nine
 * of ten concurrent updates.
 */
final class LockingBlobStore extends ForwardingBlobStore {
    private final Object lock = new Object();

    LockingBlobStore(BlobStore blobs) {
        super(blobs);
    }

    @Override
    public PutObjectResponse putBlob(PutObjectRequest request, InputStream body) {
        byte[] bytes;
        try {
            bytes = body.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        synchronized (lock) {
            check(request.bucket(), request.key(), request.ifMatch(), request.ifNoneMatch());
            return super.putBlob(request, new ByteArrayInputStream(bytes));
        }
    }

    @Override
    public CompleteMultipartUploadResponse completeMultipartUpload(
            MultipartUpload upload, CompleteMultipartUploadRequest request) {
        synchronized (lock) {
            check(request.bucket(), request.key(), request.ifMatch(), request.ifNoneMatch());
            return super.completeMultipartUpload(upload, request);
        }
    }

    @Override
    public DeleteObjectResponse removeBlob(DeleteObjectRequest request) {
        synchronized (lock) {
            return super.removeBlob(request);
        }
    }

    /** Metadata and bytes of one version. */
    @Override
    public ResponseInputStream<GetObjectResponse> getBlob(GetObjectRequest request) {
        synchronized (lock) {
            return super.getBlob(request);
        }
    }

    /** In the order of the keys' bytes, as S3; the store below knows only that of Java's strings. */
    @Override
    public ListObjectsV2Response list(ListObjectsV2Request request) {
        if (request.delimiter() != null) {
            return super.list(request);
        }
        String after = request.continuationToken() != null ? request.continuationToken() : request.startAfter();
        List<S3Object> objects = new ArrayList<>();
        @Nullable String token = null;
        do {
            ListObjectsV2Response page = super.list(ListObjectsV2Request.builder()
                    .bucket(request.bucket())
                    .prefix(request.prefix())
                    .continuationToken(token)
                    .build());
            for (S3Object object : page.contents()) {
                if (after == null || ObjectKeys.ORDER.compare(object.key(), after) > 0) {
                    objects.add(object);
                }
            }
            token = Boolean.TRUE.equals(page.isTruncated()) ? page.nextContinuationToken() : null;
        } while (token != null);
        objects.sort((a, b) -> ObjectKeys.ORDER.compare(a.key(), b.key()));
        int max = request.maxKeys() == null ? 1000 : request.maxKeys();
        boolean more = objects.size() > max;
        List<S3Object> some = more ? objects.subList(0, max) : objects;
        return ListObjectsV2Response.builder()
                .contents(some)
                .isTruncated(more)
                .nextContinuationToken(more ? some.get(max - 1).key() : null)
                .build();
    }

    private void check(String bucket, String key, @Nullable String ifMatch, @Nullable String ifNoneMatch) {
        if (ifMatch == null && ifNoneMatch == null) {
            return;
        }
        @Nullable HeadObjectResponse there = delegate().blobMetadataIfPresent(bucket, key);
        if (ifNoneMatch != null && there != null) {
            throw S3Exceptions.preconditionFailed(null);
        }
        if (ifMatch != null && there == null) {
            throw S3Exceptions.noSuchKey(bucket, key, "the object to replace is not there");
        }
        if (ifMatch != null && !plain(ifMatch).equals(plain(there.eTag()))) {
            throw S3Exceptions.preconditionFailed(null);
        }
    }

    private static String plain(String etag) {
        return etag.replace("\"", "");
    }
}
