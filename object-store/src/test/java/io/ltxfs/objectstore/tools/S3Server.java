package io.ltxfs.objectstore.tools;

import io.ltxfs.objectstore.s3.S3Store;
import io.ltxfs.objectstore.s3.S3Url;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** A server of the S3 protocol on 127.0.0.1, with one user and one bucket. */
public interface S3Server extends AutoCloseable {
    /** The only bucket. */
    String BUCKET = "ltxfs-tests";

    /** Of the only user. */
    String ACCESS_KEY = "LTXFSTESTSKEY";

    /** Its secret. */
    String SECRET_KEY = "ltxfs-tests-secret";

    /** Where it listens. */
    String endpoint();

    /** The URL of a place in the bucket. */
    default String url(String prefix) {
        return "s3://" + BUCKET + "/" + prefix + "?endpoint=" + endpoint() + "&region=us-east-1&path-style=true";
    }

    /** Opens a place in the bucket. */
    default S3Store open(String prefix) {
        return S3Store.open(S3Url.parse(url(prefix)), credentials());
    }

    /** A client of the SDK. */
    default S3Client client() {
        return S3Client.builder()
                .httpClientBuilder(Apache5HttpClient.builder().socketTimeout(Duration.ofSeconds(10)))
                .endpointOverride(URI.create(endpoint()))
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .credentialsProvider(credentials())
                .overrideConfiguration(configuration -> configuration.retryStrategy(AwsRetryStrategy.doNotRetry()))
                .build();
    }

    /** Credentials that the server knows. */
    static AwsCredentialsProvider credentials() {
        return StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS_KEY, SECRET_KEY));
    }

    /**
     * Gives a program these credentials, and takes away what would lead it elsewhere.
     *
     * @param environment of the program
     */
    static void credentials(Map<String, String> environment) {
        List.of("AWS_CA_BUNDLE", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION")
                .forEach(environment::remove);
        environment.put("AWS_ACCESS_KEY_ID", ACCESS_KEY);
        environment.put("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
    }

    @Override
    void close();
}
