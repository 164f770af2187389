package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.services.s3.S3Client;

/** Sends requests. Those that read are tried again after failures that may pass, those that write never. */
final class S3Requests implements AutoCloseable {
    static final int READ_TRIES = 3;
    private static final long PAUSE_MILLIS = 100;
    /** A body may take this long beside the timeout for the answer. */
    private static final long SLOWEST_BYTES_PER_SECOND = 128 << 10;

    private final S3Url url;
    private final Credentials credentials;
    private final @Nullable ExecutionInterceptor interceptor;
    private final int readTries;
    private final Object lock = new Object();
    private volatile @Nullable Connected connected;
    private volatile boolean closed;
    private volatile boolean answered;

    /** What the first request builds. */
    private record Connected(S3Client client, S3Errors errors, String region) {}

    S3Requests(S3Url url, Credentials credentials, @Nullable ExecutionInterceptor interceptor, int readTries) {
        this.url = url;
        this.credentials = credentials;
        this.interceptor = interceptor;
        this.readTries = readTries;
    }

    /** Asks for something that changes nothing. */
    <T> T read(String place, Function<S3Client, T> call) throws StoreException {
        S3Errors.Request request = new S3Errors.Request(place, S3Errors.Action.READ, null);
        for (int attempt = 1; ; attempt++) {
            try {
                return send(request, call);
            } catch (StoreException e) {
                if (attempt >= readTries || e.kind() != Kind.UNAVAILABLE || !pause(attempt)) {
                    throw e;
                }
            }
        }
    }

    /** Asks once. */
    <T> T send(S3Errors.Request request, Function<S3Client, T> call) throws StoreException {
        Connected to = connected(request);
        try {
            T result = call.apply(to.client);
            answered = true;
            return result;
        } catch (SdkException | NoCredentialsException e) {
            throw to.errors.of(request, e);
        } catch (IllegalStateException e) {
            // What the SDK throws depends on what it was doing when the client was closed.
            if (closed) {
                throw closed(request);
            }
            throw e;
        }
    }

    /** Waits before the attempt after this one; false if the thread is to stop. */
    static boolean pause(int attempt) {
        long millis = PAUSE_MILLIS << 2 * (attempt - 1);
        try {
            Thread.sleep(millis + ThreadLocalRandom.current().nextLong(millis));
            return !Thread.currentThread().isInterrupted();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** How long a whole request may take that carries this many bytes. */
    AwsRequestOverrideConfiguration timeout(long bytes) {
        return AwsRequestOverrideConfiguration.builder()
                .apiCallTimeout(url.timeout().plusSeconds(bytes / SLOWEST_BYTES_PER_SECOND))
                .build();
    }

    /** Whether any request has succeeded: then the bucket is there. */
    boolean answered() {
        return answered;
    }

    S3Errors errors() throws StoreException {
        return connected(new S3Errors.Request(url.describe(), S3Errors.Action.READ, null)).errors;
    }

    String region() throws StoreException {
        return connected(new S3Errors.Request(url.describe(), S3Errors.Action.READ, null)).region;
    }

    String credentialsInUse() {
        return credentials.describe();
    }

    private Connected connected(S3Errors.Request request) throws StoreException {
        Connected now = connected;
        if (now == null) {
            synchronized (lock) {
                if (closed) {
                    throw closed(request);
                }
                now = connected;
                if (now == null) {
                    String region = S3Clients.region(url);
                    now = new Connected(
                            S3Clients.build(url, credentials, region, interceptor),
                            new S3Errors(url, region, credentials),
                            region);
                    connected = now;
                }
            }
        }
        return now;
    }

    private static StoreException closed(S3Errors.Request request) {
        return new StoreException(Kind.UNAVAILABLE, request.place() + ": the store was closed; open it again");
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            if (connected != null) {
                connected.client.close();
            }
            credentials.close();
        }
    }
}
