package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import io.ltxfs.objectstore.s3.S3Errors.Request;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/**
 * The bytes of an object on their way. When the connection breaks they go on where they stopped, by a new request for
 * what is left of the same object. One thread at a time.
 */
final class S3Content extends InputStream {
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18})");
    /** Tries without a byte between them. */
    private static final int TRIES = 3;
    /** Reading this much to its end is cheaper than a new connection. */
    private static final long DRAIN_BYTES = 64 << 10;

    private final S3Url url;
    private final S3Requests requests;
    private final String serverKey;
    private final ObjectInfo info;
    private final Request request;
    private final long end;
    private long position;
    private long sentEnd;
    private ResponseInputStream<GetObjectResponse> in;
    private boolean closed;
    private boolean released;

    private S3Content(
            S3Url url,
            S3Requests requests,
            String serverKey,
            ObjectInfo info,
            Request request,
            long position,
            long end,
            long sentEnd,
            ResponseInputStream<GetObjectResponse> in) {
        this.url = url;
        this.requests = requests;
        this.serverKey = serverKey;
        this.info = info;
        this.request = request;
        this.position = position;
        this.end = end;
        this.sentEnd = sentEnd;
        this.in = in;
    }

    /**
     * Opens an object.
     *
     * @param range as HTTP writes it; null for all
     * @param lengthMax of what the caller wants from the first byte that is sent
     */
    static ObjectContent open(
            S3Url url, S3Requests requests, String key, String serverKey, @Nullable String range, long lengthMax)
            throws StoreException {
        Request request = new Request(url.describe(key), S3Errors.Action.READ, null);
        ResponseInputStream<GetObjectResponse> in =
                requests.read(request.place(), client -> ask(url, requests, client, serverKey, range, null));
        GetObjectResponse answer = in.response();
        Long length = answer.contentLength();
        long offset = 0;
        long size = length == null ? -1 : length;
        if (range != null && range.startsWith("bytes=-") && size == 0) {
            // The last bytes of an empty object; some servers call them a range, and write nonsense.
            offset = 0;
        } else if (range != null && answer.contentRange() != null) {
            Matcher matcher = CONTENT_RANGE.matcher(answer.contentRange());
            boolean read = matcher.matches();
            offset = read ? Long.parseLong(matcher.group(1)) : 0;
            size = read ? Long.parseLong(matcher.group(3)) : -1;
            if (read && length != null && Long.parseLong(matcher.group(2)) - offset + 1 != length) {
                size = -1;
            }
        } else if (range != null && size > 0) {
            // The whole object where a part was asked for. It may be huge.
            size = -1;
        }
        if (size < 0 || length == null) {
            in.abort();
            throw requests.errors().lacking(request, "length, or not that of the range that was asked for");
        }
        Map<String, String> metadata = answer.metadata();
        ObjectInfo info = info(key, size, answer.lastModified(), answer.eTag(), metadata);
        long wanted = Math.min(length, lengthMax);
        S3Content content =
                new S3Content(url, requests, serverKey, info, request, offset, offset + wanted, offset + length, in);
        return new ObjectContent(info, offset, wanted, content);
    }

    static ObjectInfo info(
            String key, long size, @Nullable Instant modified, @Nullable String etag, Map<String, String> metadata) {
        Map<String, String> lower = new HashMap<>();
        metadata.forEach((name, value) -> lower.put(name.toLowerCase(Locale.ROOT), value));
        // Lists tell milliseconds on some servers, headers never.
        Instant seconds = modified == null ? Instant.EPOCH : modified.truncatedTo(ChronoUnit.SECONDS);
        return new ObjectInfo(key, size, seconds, S3Text.etag(etag), lower);
    }

    private static ResponseInputStream<GetObjectResponse> ask(
            S3Url url,
            S3Requests requests,
            S3Client client,
            String serverKey,
            @Nullable String range,
            @Nullable String etag) {
        return client.getObject(
                get -> get.bucket(url.bucket())
                        .key(serverKey)
                        .range(range)
                        .ifMatch(etag)
                        .overrideConfiguration(requests.timeout(0)),
                ResponseTransformer.toInputStream());
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int at, int count) throws IOException {
        if (closed) {
            throw new IOException(request.place() + ": the object was closed");
        }
        if (count == 0) {
            return 0;
        }
        if (position == end) {
            return -1;
        }
        for (int attempt = 1; ; attempt++) {
            StoreException failure;
            try {
                int read = in.read(into, at, (int) Math.min(count, end - position));
                if (read > 0) {
                    position += read;
                    if (position == end) {
                        release();
                    }
                    return read;
                }
                failure = new StoreException(
                        Kind.UNAVAILABLE,
                        request.place() + ": the server sent " + (end - position) + " bytes too few; read it again");
            } catch (StoreException e) {
                throw e;
            } catch (IOException e) {
                failure = requests.errors().of(request, e);
            } catch (RuntimeException e) {
                failure = requests.errors().of(request, e);
            }
            if (attempt == TRIES || failure.kind() != Kind.UNAVAILABLE || !S3Requests.pause(attempt)) {
                throw failure;
            }
            resume();
        }
    }

    private void resume() throws StoreException {
        in.abort();
        String range = "bytes=" + position + "-" + (end - 1);
        try {
            in = requests.send(
                    request, client -> ask(url, requests, client, serverKey, range, S3Text.sentEtag(url, info.etag())));
            sentEnd = end;
        } catch (StoreException e) {
            if (e.kind() == Kind.PRECONDITION_FAILED) {
                throw new StoreException(
                        Kind.CONFLICT, request.place() + ": it was replaced while it was read; read it again", e);
            }
            if (e.kind() != Kind.UNAVAILABLE) {
                throw e;
            }
            // The next read fails, and counts as a try.
        }
    }

    @Override
    public int available() throws IOException {
        return released ? 0 : (int) Math.min(in.available(), end - position);
    }

    @Override
    public void close() {
        closed = true;
        release();
    }

    /** Gives the connection back: at the end, so that nobody who forgets to close keeps one. */
    private void release() {
        if (released) {
            return;
        }
        released = true;
        try {
            long left = sentEnd - position;
            if (left <= DRAIN_BYTES) {
                in.skipNBytes(left);
                in.close();
                return;
            }
        } catch (IOException | RuntimeException e) {
            // Everything that was wanted has been read.
        }
        in.abort();
    }
}
