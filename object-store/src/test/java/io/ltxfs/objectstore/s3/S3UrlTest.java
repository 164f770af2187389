package io.ltxfs.objectstore.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** URLs are read to the letter, and what is wrong with one is said. */
final class S3UrlTest {

    @Test
    void onlyABucket() {
        S3Url url = S3Url.parse("s3://my-bucket");
        assertEquals("my-bucket", url.bucket());
        assertEquals("", url.prefix());
        assertEquals("", url.base());
        assertEquals(Optional.empty(), url.endpoint());
        assertEquals(Optional.empty(), url.region());
        assertFalse(url.pathStyle());
        assertEquals(S3Url.Checksums.WHEN_REQUIRED, url.checksums());
        assertTrue(url.etagQuotes());
        assertEquals(16 << 20, url.partSizeBytes());
        assertEquals(Duration.ofSeconds(30), url.timeout());
        assertEquals("s3://my-bucket", url.describe());
        assertEquals("s3://my-bucket/a/b", url.describe("a/b"));
        assertEquals("", S3Url.parse("s3://my-bucket/").prefix());
    }

    @Test
    void everyParameter() {
        S3Url url = S3Url.parse(
                "s3://b.c-1/p/q%20r/%C3%BC+ö/?endpoint=http://127.0.0.1:9000&region=eu-west-1&path-style=false"
                        + "&checksums=when-supported&etag-quotes=false&sse=aws:kms&sse-kms-key-id=arn:aws:kms:x:1:key/2"
                        + "&storage-class=STANDARD_IA&part-size=64MiB&header.X-One=a%20b&header.x-two=c&timeout=90s&");
        assertEquals("b.c-1", url.bucket());
        assertEquals("p/q r/ü+ö", url.prefix());
        assertEquals(Optional.of(URI.create("http://127.0.0.1:9000")), url.endpoint());
        assertEquals(Optional.of("eu-west-1"), url.region());
        assertFalse(url.pathStyle());
        assertEquals(S3Url.Checksums.WHEN_SUPPORTED, url.checksums());
        assertFalse(url.etagQuotes());
        assertEquals(Optional.of(S3Url.Encryption.KMS), url.encryption());
        assertEquals(Optional.of("arn:aws:kms:x:1:key/2"), url.kmsKeyId());
        assertEquals(Optional.of("STANDARD_IA"), url.storageClass());
        assertEquals(64 << 20, url.partSizeBytes());
        assertEquals(Map.of("X-One", "a b", "x-two", "c"), url.headers());
        assertEquals(Duration.ofSeconds(90), url.timeout());
        assertEquals("s3://b.c-1/p/q r/ü+ö?endpoint=http://127.0.0.1:9000", url.describe());
        assertEquals(url.describe(), url.toString(), "headers may be secret");
    }

    @Test
    void pathStyleByDefault() {
        assertTrue(S3Url.parse("s3://bucket/p?endpoint=http://127.0.0.1:9000").pathStyle());
        assertTrue(S3Url.parse("s3://a.bucket/p").pathStyle(), "its name has no certificate");
        assertFalse(S3Url.parse("s3://bucket/p?region=eu-west-1").pathStyle());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    http://bucket/p                       | must begin with s3://
                    s3:/bucket/p                          | must begin with s3://
                    s3://                                 | not a bucket's name
                    s3://ab/p                             | 3 to 63 of a-z, 0-9, '-' and '.'
                    s3://Bucket/p                         | not a bucket's name
                    s3://key:secret@bucket/p              | set AWS_ACCESS_KEY_ID
                    s3://bucket/a//b                      | no part of the path may be empty
                    s3://bucket/a/../b                    | no part of the path may be
                    s3://bucket/a%2F%2Fb                  | no part of the path may be empty
                    s3://bucket/a%                        | write % as %25
                    s3://bucket/a%2                       | write % as %25
                    s3://bucket/a%FFb                     | not percent-coded UTF-8
                    s3://bucket/a#b                       | write # in a path as %23
                    s3://bucket?regoin=x                  | no parameter 'regoin'; did you mean region?
                    s3://bucket?forcePathStyle=true       | did you mean path-style?
                    s3://bucket?Endpoint=x                | did you mean endpoint?
                    s3://bucket?partsize=16MiB            | did you mean part-size?
                    s3://bucket?kms-key-id=x              | did you mean sse-kms-key-id?
                    s3://bucket?xyzzy=1                   | (known: endpoint, region, path-style, checksums
                    s3://bucket?secret-access-key=abc     | no parameter 'secret-access-key': credentials are taken from
                    s3://bucket?region                    | region has no value
                    s3://bucket?region=                   | region has no value
                    s3://bucket?region=a&region=b         | region is given twice
                    s3://bucket?region=a/b                | region must be a name such as
                    s3://bucket?endpoint=127.0.0.1:9000   | endpoint must be http://HOST[:PORT]
                    s3://bucket?endpoint=ftp://host       | endpoint must be http://HOST[:PORT]
                    s3://bucket?endpoint=http://u:p@host  | credentials do not belong into the endpoint
                    s3://bucket?path-style=yes            | path-style must be true or false, not 'yes'
                    s3://bucket?checksums=always          | checksums must be when-required or when-supported
                    s3://bucket?sse=aes256                | sse must be AES256 or aws:kms, not 'aes256'
                    s3://bucket?sse-kms-key-id=x          | goes with sse=aws:kms only
                    s3://bucket?sse=AES256&sse-kms-key-id=x | goes with sse=aws:kms only
                    s3://bucket?part-size=4MiB            | part-size must be between 5MiB and 5GiB
                    s3://bucket?part-size=6GiB            | part-size must be between
                    s3://bucket?part-size=16MB            | as in 16MiB, not '16MB'
                    s3://bucket?timeout=30                | timeout must be between 100ms and 10m, as in 30s
                    s3://bucket?timeout=11m               | timeout must be between
                    s3://bucket?timeout=99ms              | timeout must be between
                    s3://bucket?storage-class=a%20b       | storage-class must be a name
                    s3://bucket?header.X%0A=1             | not a header's name
                    s3://bucket?header.X=a%0D%0Ab         | header.X must be printable ASCII
                    s3://bucket?header.Host=a             | the header Host is set by ltxfs itself
                    s3://bucket?header.x-amz-meta-a=b     | is set by ltxfs itself
                    s3://bucket?header.X=a&header.x=b     | is given twice
                    """)
    void wrong(String url, String words) {
        String message = assertThrows(IllegalArgumentException.class, () -> S3Url.parse(url))
                .getMessage();
        assertTrue(message.contains(words), message);
        assertFalse(message.contains("secret@") || message.contains("=abc"), message);
    }
}
