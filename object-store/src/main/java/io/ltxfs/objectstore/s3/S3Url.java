package io.ltxfs.objectstore.s3;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Where objects are in S3 and how to speak to the server:
 * {@code s3://bucket/prefix?endpoint=http://127.0.0.1:9000&region=us-east-1}. Text after {@code %} is percent-coded
 * UTF-8, and {@code +} is a plus.
 *
 * <table>
 * <caption>Parameters</caption>
 * <tr><th>name</th><th>value</th><th>default</th></tr>
 * <tr><td>{@code endpoint}</td><td>URL of the server</td><td>AWS, by the region</td></tr>
 * <tr><td>{@code region}</td><td>name</td><td>{@code AWS_REGION}, {@code ~/.aws/config}, {@code us-east-1}</td></tr>
 * <tr><td>{@code path-style}</td><td>{@code true}: the bucket in the path, {@code false}: in the host's name</td>
 *     <td>{@code true} with an endpoint or a bucket that has a dot</td></tr>
 * <tr><td>{@code checksums}</td><td>{@code when-required}: Content-MD5, which every server knows;
 *     {@code when-supported}: S3's newer checksums, checked on reads too</td><td>{@code when-required}</td></tr>
 * <tr><td>{@code etag-quotes}</td><td>{@code true}: ETags are sent in quotes, as HTTP wants</td><td>{@code true}</td></tr>
 * <tr><td>{@code sse}</td><td>{@code AES256}, {@code aws:kms}</td><td>as the bucket says</td></tr>
 * <tr><td>{@code sse-kms-key-id}</td><td>with {@code sse=aws:kms}</td><td>the account's key for S3</td></tr>
 * <tr><td>{@code storage-class}</td><td>as the server names it</td><td>the server's</td></tr>
 * <tr><td>{@code part-size}</td><td>5 MiB to 5 GiB; larger objects are put in parts of it</td><td>16 MiB</td></tr>
 * <tr><td>{@code header.NAME}</td><td>sent with every request</td><td></td></tr>
 * <tr><td>{@code timeout}</td><td>for connecting, and for an answer; 100 ms to 10 m</td><td>30 s</td></tr>
 * </table>
 *
 * @param prefix that all keys begin with, without slashes at its ends; may be empty
 * @param headers names as they were written
 */
public record S3Url(
        String bucket,
        String prefix,
        Optional<URI> endpoint,
        Optional<String> region,
        boolean pathStyle,
        Checksums checksums,
        boolean etagQuotes,
        Optional<Encryption> encryption,
        Optional<String> kmsKeyId,
        Optional<String> storageClass,
        long partSizeBytes,
        Map<String, String> headers,
        Duration timeout) {

    /** Which checksums go with requests. */
    public enum Checksums {
        /** Content-MD5 only. */
        WHEN_REQUIRED("when-required"),
        /** The SDK's choice. */
        WHEN_SUPPORTED("when-supported");

        final String word;

        Checksums(String word) {
            this.word = word;
        }
    }

    /** How the server encrypts what it stores. */
    public enum Encryption {
        /** With its own keys. */
        AES256("AES256"),
        /** With a key of AWS KMS. */
        KMS("aws:kms");

        final String word;

        Encryption(String word) {
            this.word = word;
        }
    }

    /** Copies the map. */
    public S3Url {
        headers = Map.copyOf(headers);
    }

    /**
     * Reads a URL.
     *
     * @throws IllegalArgumentException if it is wrong, naming the part and what is allowed
     */
    public static S3Url parse(String url) {
        return new S3UrlParser(url).parse();
    }

    /** The same with another timeout. */
    S3Url withTimeout(Duration other) {
        return new S3Url(
                bucket,
                prefix,
                endpoint,
                region,
                pathStyle,
                checksums,
                etagQuotes,
                encryption,
                kmsKeyId,
                storageClass,
                partSizeBytes,
                headers,
                other);
    }

    /** The place as people write it, without what may be secret. */
    public String describe() {
        return describe("") + endpoint.map(uri -> "?endpoint=" + uri).orElse("");
    }

    /** An object's place as people write it. */
    public String describe(String key) {
        return "s3://" + bucket + (prefix.isEmpty() ? "" : "/" + prefix) + (key.isEmpty() ? "" : "/" + key);
    }

    /** The server as people write it. */
    String server() {
        return endpoint.map(URI::toString).orElse("AWS");
    }

    /** What the server's key begins with, before a key of ours. */
    String base() {
        return prefix.isEmpty() ? "" : prefix + "/";
    }

    @Override
    public String toString() {
        return describe();
    }
}
