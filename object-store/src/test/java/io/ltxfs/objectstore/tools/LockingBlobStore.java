package io.ltxfs.objectstore.tools;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import org.gaul.s3proxy.blobstore.S3Exceptions;
import org.gaul.s3proxy.blobstore.domain.MultipartUpload;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;

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
