package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.PutOptions.Condition;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import io.ltxfs.objectstore.s3.S3Errors.Action;
import io.ltxfs.objectstore.s3.S3Errors.Request;
import io.ltxfs.objectstore.s3.S3Url.Checksums;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * Puts objects: by one request, or in parts of which at most one is under way. Only the request that makes the object
 * appear carries the condition and is sent once; a part may be sent again, it replaces itself.
 */
final class S3Put {
    private static final Logger LOG = LoggerFactory.getLogger(S3Put.class);
    private static final long PARTS_MAX = 10_000;
    private static final int PART_TRIES = 3;
    /** More than this may be on its way when the answer comes. */
    private static final long LOOK_FIRST_BYTES = 128 << 10;
    /** S3 may take minutes to join thousands of parts: time as for this many bytes each. */
    private static final long JOIN_BYTES_PER_PART = 8 << 10;

    private final S3Url url;
    private final S3Requests requests;
    private final boolean md5;

    S3Put(S3Url url, S3Requests requests) {
        this.url = url;
        this.requests = requests;
        this.md5 = url.checksums() == Checksums.WHEN_REQUIRED;
    }

    /** Returns the ETag. */
    String put(String key, String place, ObjectBody body, PutOptions options) throws StoreException {
        Request request = new Request(place, Action.WRITE, options.condition());
        if (body.size() >= LOOK_FIRST_BYTES) {
            lookFirst(key, request);
        }
        String etag = body.size() > url.partSizeBytes()
                ? inParts(key, request, body, options)
                : atOnce(key, request, body, options);
        String plain = S3Text.etag(etag);
        if (plain.isEmpty()) {
            throw requests.errors().lacking(request, "ETag");
        }
        return plain;
    }

    private @Nullable String atOnce(String key, Request request, ObjectBody body, PutOptions options)
            throws StoreException {
        try (S3Body bytes = new S3Body(request.place(), body, 0, body.size())) {
            String digest = md5 ? bytes.md5() : null;
            Consumer<PutObjectRequest.Builder> put = to -> {
                to.bucket(url.bucket())
                        .key(key)
                        .metadata(options.metadata())
                        .contentMD5(digest)
                        .ifNoneMatch(ifNoneMatch(options.condition()))
                        .ifMatch(ifMatch(options.condition()))
                        .overrideConfiguration(requests.timeout(body.size()));
                url.storageClass().ifPresent(to::storageClass);
                url.encryption().ifPresent(how -> to.serverSideEncryption(how.word));
                url.kmsKeyId().ifPresent(to::ssekmsKeyId);
            };
            return bytes.send(requests, request, client -> client.putObject(put, bytes.forSdk()))
                    .eTag();
        }
    }

    /**
     * Asks whether the condition of a put holds. Some servers answer that it does not before they have read the body, and
     * close the connection; then the answer is lost, and nobody knows the outcome. Who may only write is not told, and
     * puts all the same.
     */
    private void lookFirst(String key, Request request) throws StoreException {
        if (request.condition() instanceof Condition.Always) {
            return;
        }
        String etag = "";
        try {
            etag = S3Text.etag(requests.send(
                            new Request(request.place(), Action.READ, null),
                            client -> client.headObject(head ->
                                    head.bucket(url.bucket()).key(key).overrideConfiguration(requests.timeout(0))))
                    .eTag());
        } catch (StoreException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                return;
            }
        }
        String wanted = request.condition() instanceof Condition.Matches matches ? matches.etag() : "";
        if (!etag.equals(wanted)) {
            throw Refusal.precondition(request).exception(request, new IOException("its ETag is '" + etag + "'"));
        }
    }

    private @Nullable String inParts(String key, Request request, ObjectBody body, PutOptions options)
            throws StoreException {
        Request preparing = new Request(request.place(), Action.PREPARE, null);
        String upload = requests.send(
                        preparing,
                        client -> client.createMultipartUpload(create -> {
                            create.bucket(url.bucket())
                                    .key(key)
                                    .metadata(options.metadata())
                                    .overrideConfiguration(requests.timeout(0));
                            url.storageClass().ifPresent(create::storageClass);
                            url.encryption().ifPresent(how -> create.serverSideEncryption(how.word));
                            url.kmsKeyId().ifPresent(create::ssekmsKeyId);
                            if (!md5) {
                                create.checksumAlgorithm(ChecksumAlgorithm.CRC32);
                            }
                        }))
                .uploadId();
        if (upload == null) {
            throw requests.errors().lacking(preparing, "upload id");
        }
        boolean done = false;
        try {
            List<CompletedPart> parts = new ArrayList<>();
            long size = body.size();
            long partSize = Math.max(url.partSizeBytes(), (size + PARTS_MAX - 1) / PARTS_MAX);
            for (long offset = 0; offset < size; offset += partSize) {
                parts.add(part(
                        key, upload, preparing, body, offset, Math.min(partSize, size - offset), parts.size() + 1));
            }
            String etag = requests.send(
                            request,
                            client -> client.completeMultipartUpload(complete -> complete.bucket(url.bucket())
                                    .key(key)
                                    .uploadId(upload)
                                    .ifNoneMatch(ifNoneMatch(options.condition()))
                                    .ifMatch(ifMatch(options.condition()))
                                    .multipartUpload(joined -> joined.parts(parts))
                                    .overrideConfiguration(requests.timeout(parts.size() * JOIN_BYTES_PER_PART))))
                    .eTag();
            done = true;
            return etag;
        } finally {
            if (!done) {
                abort(key, upload, preparing);
            }
        }
    }

    private CompletedPart part(
            String key, String upload, Request request, ObjectBody body, long offset, long length, int number)
            throws StoreException {
        for (int attempt = 1; ; attempt++) {
            try (S3Body bytes = new S3Body(request.place(), body, offset, length)) {
                String digest = md5 ? bytes.md5() : null;
                Consumer<UploadPartRequest.Builder> part = to -> {
                    to.bucket(url.bucket())
                            .key(key)
                            .uploadId(upload)
                            .partNumber(number)
                            .contentMD5(digest)
                            .overrideConfiguration(requests.timeout(length));
                    if (!md5) {
                        to.checksumAlgorithm(ChecksumAlgorithm.CRC32);
                    }
                };
                UploadPartResponse answer =
                        bytes.send(requests, request, client -> client.uploadPart(part, bytes.forSdk()));
                if (answer.eTag() == null) {
                    throw requests.errors().lacking(request, "ETag of a part");
                }
                return CompletedPart.builder()
                        .partNumber(number)
                        .eTag(answer.eTag())
                        .checksumCRC32(answer.checksumCRC32())
                        .build();
            } catch (StoreException e) {
                if (attempt == PART_TRIES || e.kind() != Kind.UNAVAILABLE || !S3Requests.pause(attempt)) {
                    throw e;
                }
            }
        }
    }

    /** Frees what the server keeps of parts; an object that has appeared all the same stays. */
    private void abort(String key, String upload, Request request) {
        try {
            requests.send(
                    request,
                    client -> client.abortMultipartUpload(abort -> abort.bucket(url.bucket())
                            .key(key)
                            .uploadId(upload)
                            .overrideConfiguration(requests.timeout(0))));
        } catch (StoreException e) {
            LOG.debug("left parts behind object={} error={}", request.place(), e.getMessage());
        }
    }

    private static @Nullable String ifNoneMatch(Condition condition) {
        return condition instanceof Condition.Absent ? "*" : null;
    }

    private @Nullable String ifMatch(Condition condition) {
        return condition instanceof Condition.Matches matches ? S3Text.sentEtag(url, matches.etag()) : null;
    }
}
