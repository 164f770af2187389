package io.ltxfs.objectstore.s3;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/** Credentials that know their last answer, to name them in an error, and that say when there are none. */
final class Credentials implements AwsCredentialsProvider, SdkAutoCloseable {
    private final Supplier<AwsCredentialsProvider> source;
    private @Nullable AwsCredentialsProvider provider;
    private volatile @Nullable AwsCredentials last;

    Credentials(Supplier<AwsCredentialsProvider> source) {
        this.source = source;
    }

    @Override
    public AwsCredentials resolveCredentials() {
        try {
            AwsCredentials found = provider().resolveCredentials();
            last = found;
            return found;
        } catch (SdkClientException e) {
            throw new NoCredentialsException(e);
        }
    }

    private synchronized AwsCredentialsProvider provider() {
        if (provider == null) {
            provider = source.get();
        }
        return provider;
    }

    /** The access key's first and last letters. */
    String describe() {
        AwsCredentials found = last;
        if (found == null) {
            return "in use";
        }
        String id = found.accessKeyId();
        if (id == null || id.isEmpty()) {
            return "of nobody";
        }
        String shown = id.length() < 10 ? id.charAt(0) + "…" : id.substring(0, 4) + "…" + id.substring(id.length() - 4);
        return "'" + shown + "'";
    }

    @Override
    public synchronized void close() {
        if (provider instanceof SdkAutoCloseable closeable) {
            closeable.close();
        }
    }
}
