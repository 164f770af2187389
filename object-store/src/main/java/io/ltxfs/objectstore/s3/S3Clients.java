package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.s3.S3Url.Checksums;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.AwsProfileRegionProvider;
import software.amazon.awssdk.services.s3.LegacyMd5Plugin;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/**
 * Builds the SDK's client. It never retries: a conditional put that is sent again after its answer was lost is refused
 * by what it has itself stored.
 */
final class S3Clients {
    /** Connections, and so requests under way and objects being read. */
    static final int CONNECTIONS_MAX = 64;

    private static final Duration CONNECT_TIMEOUT_MAX = Duration.ofSeconds(10);
    /** Servers close idle connections; a put on one that is being closed fails with an outcome that nobody knows. */
    private static final Duration IDLE_MAX = Duration.ofSeconds(5);

    private static final String DEFAULT_REGION = "us-east-1";

    private S3Clients() {}

    static S3Client build(
            S3Url url, AwsCredentialsProvider credentials, String region, @Nullable ExecutionInterceptor interceptor) {
        Duration connect = url.timeout().compareTo(CONNECT_TIMEOUT_MAX) < 0 ? url.timeout() : CONNECT_TIMEOUT_MAX;
        boolean supported = url.checksums() == Checksums.WHEN_SUPPORTED;
        S3ClientBuilder builder = S3Client.builder()
                .httpClientBuilder(Apache5HttpClient.builder()
                        .maxConnections(CONNECTIONS_MAX)
                        .connectionAcquisitionTimeout(url.timeout())
                        .connectionTimeout(connect)
                        .socketTimeout(url.timeout())
                        .connectionMaxIdleTime(IDLE_MAX)
                        .tcpKeepAlive(true))
                .credentialsProvider(credentials)
                .region(Region.of(region))
                .forcePathStyle(url.pathStyle())
                // Chunks are for checksums that follow the body; some servers know neither.
                .serviceConfiguration(s3 -> s3.chunkedEncodingEnabled(supported))
                .requestChecksumCalculation(
                        supported
                                ? RequestChecksumCalculation.WHEN_SUPPORTED
                                : RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(
                        supported
                                ? ResponseChecksumValidation.WHEN_SUPPORTED
                                : ResponseChecksumValidation.WHEN_REQUIRED)
                .overrideConfiguration(configuration -> {
                    configuration.retryStrategy(AwsRetryStrategy.doNotRetry());
                    url.headers().forEach(configuration::putHeader);
                    if (interceptor != null) {
                        configuration.addExecutionInterceptor(interceptor);
                    }
                });
        url.endpoint().ifPresent(builder::endpointOverride);
        if (!supported) {
            builder.addPlugin(LegacyMd5Plugin.create());
        }
        return builder.build();
    }

    /** Credentials the AWS SDK's usual way. Those of the environment are taken first: finding them costs nothing. */
    static AwsCredentialsProvider usualCredentials() {
        return present("AWS_ACCESS_KEY_ID").isPresent()
                        && present("AWS_SECRET_ACCESS_KEY").isPresent()
                ? EnvironmentVariableCredentialsProvider.create()
                : DefaultCredentialsProvider.builder().build();
    }

    /**
     * The region that requests are signed for. The machine's metadata service is not asked: where there is none that takes
     * seconds, and a wrong region is told by the server.
     */
    static String region(S3Url url) {
        return url.region()
                .or(() -> present("AWS_REGION"))
                .or(() -> present("AWS_DEFAULT_REGION"))
                .or(() -> Optional.ofNullable(System.getProperty("aws.region")))
                .or(() -> url.endpoint().isPresent() ? Optional.empty() : profileRegion())
                .orElse(DEFAULT_REGION);
    }

    private static Optional<String> profileRegion() {
        try {
            return Optional.ofNullable(new AwsProfileRegionProvider().getRegion())
                    .map(Region::id);
        } catch (SdkClientException e) {
            return Optional.empty();
        }
    }

    private static Optional<String> present(String variable) {
        return Optional.ofNullable(System.getenv(variable)).filter(value -> !value.isBlank());
    }
}
