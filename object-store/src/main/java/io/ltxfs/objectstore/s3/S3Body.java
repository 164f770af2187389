package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Some bytes of a body, which the SDK reads as often as it wants: for the signature, then for sending. A failure to read
 * them is told apart from one of the network. One thread at a time.
 */
final class S3Body implements AutoCloseable {
    private static final int BUFFER_BYTES = 64 << 10;

    private final String place;
    private final ObjectBody body;
    private final long offset;
    private final long length;
    private @Nullable InputStream open;
    private @Nullable IOException failure;

    S3Body(String place, ObjectBody body, long offset, long length) {
        this.place = place;
        this.body = body;
        this.offset = offset;
        this.length = length;
    }

    /** What the SDK sends. */
    RequestBody forSdk() {
        return RequestBody.fromContentProvider(
                () -> {
                    try {
                        return reopen();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                length,
                "application/octet-stream");
    }

    /** Sends a request with these bytes. */
    <T> T send(S3Requests requests, S3Errors.Request request, Function<S3Client, T> call) throws StoreException {
        try {
            return requests.send(request, call);
        } catch (StoreException | UncheckedIOException e) {
            if (failure != null) {
                throw unreadable(failure);
            }
            throw e;
        }
    }

    /** The Content-MD5 of the bytes. */
    String md5() throws StoreException {
        try {
            MessageDigest digest = MessageDigest.getInstance("MD5");
            byte[] buffer = new byte[(int) Math.min(BUFFER_BYTES, Math.max(1, length))];
            InputStream in = reopen();
            long left = length;
            while (left > 0) {
                int read = in.read(buffer);
                if (read < 0) {
                    throw new IOException("it ends " + left + " bytes too early");
                }
                digest.update(buffer, 0, read);
                left -= read;
            }
            // Whether it ends there, too.
            in.read();
            return Base64.getEncoder().encodeToString(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private InputStream reopen() throws IOException {
        close();
        try {
            InputStream in = body.open();
            open = in;
            in.skipNBytes(offset);
            return new Part(in, length);
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    private StoreException unreadable(IOException e) {
        return new StoreException(
                Kind.SOURCE,
                place + ": what is to be put could not be read: " + e.getMessage()
                        + "; if it is a file, look at it and its disk",
                e);
    }

    @Override
    public void close() {
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                failure = e;
            }
            open = null;
        }
    }

    /** Ends where the part ends. */
    private final class Part extends FilterInputStream {
        private long left;

        Part(InputStream in, long length) {
            super(in);
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int at, int count) throws IOException {
            try {
                if (left == 0 && count > 0) {
                    if (offset + length == body.size() && in.read() >= 0) {
                        throw new IOException("it goes on after byte " + body.size());
                    }
                    return -1;
                }
                int read = in.read(into, at, (int) Math.min(count, left));
                if (read > 0) {
                    left -= read;
                } else if (read < 0 && left > 0) {
                    throw new IOException("it ends " + left + " bytes too early");
                }
                return read;
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }

        @Override
        public long skip(long count) throws IOException {
            long skipped = in.skip(Math.min(count, left));
            left -= skipped;
            return skipped;
        }

        @Override
        public int available() throws IOException {
            return (int) Math.min(in.available(), left);
        }

        @Override
        public boolean markSupported() {
            return false;
        }
    }
}
