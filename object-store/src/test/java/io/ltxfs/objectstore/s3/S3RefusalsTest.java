package io.ltxfs.objectstore.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import io.ltxfs.objectstore.probe.ProbeResult;
import io.ltxfs.objectstore.probe.StoreProbe;
import io.ltxfs.objectstore.s3.S3Check.Level;
import io.ltxfs.objectstore.tools.InProcessServer;
import io.ltxfs.objectstore.tools.RealServer;
import io.ltxfs.objectstore.tools.S3Server;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;

/** What real servers say to a wrong set-up is told to people as what it is. */
final class S3RefusalsTest {
    private static final ObjectBody BODY = ObjectBody.of("body".getBytes(UTF_8));

    @TempDir
    private Path directory;

    @Test
    void inProcess() throws StoreException {
        try (S3Server server = InProcessServer.start()) {
            refuses(server);
        }
    }

    @Test
    void versitygw() throws Exception {
        try (S3Server server = RealServer.versitygw(directory)) {
            refuses(server);
        }
    }

    @Test
    @Tag("long")
    void minio() throws Exception {
        try (S3Server server = RealServer.minio(directory)) {
            refuses(server);
            try (S3Store store = S3Store.open(
                    S3Url.parse(server.url("p")),
                    StaticCredentialsProvider.create(
                            AwsSessionCredentials.create(S3Server.ACCESS_KEY, S3Server.SECRET_KEY, "no-such-token")))) {
                everyCall(store, Kind.CREDENTIALS, "session token is not valid");
            }
        }
    }

    private static void refuses(S3Server server) throws StoreException {
        String url = server.url("p");
        try (S3Store store = open(url, "NOSUCHKEYHERE", S3Server.SECRET_KEY)) {
            everyCall(store, Kind.CREDENTIALS, "does not know the access key 'NOSU…HERE'");
        }
        try (S3Store store = open(url, S3Server.ACCESS_KEY, "wrong")) {
            everyCall(store, Kind.CREDENTIALS, "correct AWS_SECRET_ACCESS_KEY");
        }
        try (S3Store store =
                open(url.replace(S3Server.BUCKET, "no-such-bucket"), S3Server.ACCESS_KEY, S3Server.SECRET_KEY)) {
            everyCall(store, Kind.NO_STORE, "there is no bucket 'no-such-bucket' at " + server.endpoint());
        }
        try (S3Store store = S3Store.open(S3Url.parse(url), AnonymousCredentialsProvider.create())) {
            StoreException e = assertThrows(StoreException.class, () -> store.list("", ""));
            assertTrue(e.kind() == Kind.DENIED || e.kind() == Kind.CREDENTIALS, e.getMessage());
        }
        AwsCredentialsProvider none = () -> {
            throw SdkClientException.create("Unable to load credentials");
        };
        try (S3Store store = S3Store.open(S3Url.parse(url), none)) {
            everyCall(store, Kind.CREDENTIALS, "no credentials were found; set AWS_ACCESS_KEY_ID");
        }
        try (S3Store store = server.open("p")) {
            List<S3Check> checks = store.check();
            assertEquals(
                    List.of("server", "credentials", "bucket", "clock"),
                    checks.stream().map(S3Check::subject).toList());
            assertTrue(checks.stream().allMatch(check -> check.level() != Level.FAIL), checks::toString);
            ProbeResult probed = new StoreProbe(store, new Random(1), 2).run();
            assertTrue(probed.isFit(), probed.message());
        }
    }

    private static S3Store open(String url, String accessKey, String secretKey) {
        return S3Store.open(
                S3Url.parse(url), StaticCredentialsProvider.create(AwsBasicCredentials.create(accessKey, secretKey)));
    }

    private static void everyCall(S3Store store, Kind kind, String words) {
        List<Executable> calls = List.of(
                () -> store.put("a", BODY, PutOptions.create()),
                () -> store.put("a", BODY, PutOptions.replace()),
                () -> store.head("a"),
                () -> store.get("a"),
                () -> store.get("a", -5, 5),
                () -> store.list("", ""),
                () -> store.children(""),
                () -> store.delete("a"),
                () -> store.deleteAll(List.of("a", "b")));
        for (int i = 0; i < calls.size(); i++) {
            StoreException e = assertThrows(StoreException.class, calls.get(i));
            assertEquals(kind, e.kind(), "call " + i + ": " + e.getMessage());
            assertTrue(e.getMessage().contains(words), "call " + i + ": " + e.getMessage());
            assertTrue(!e.outcomeUnknown() && !e.mayPass(), e.getMessage());
        }
        List<S3Check> checks = store.check();
        assertEquals(1, checks.size());
        assertEquals(Level.FAIL, checks.get(0).level());
        assertTrue(checks.get(0).text().contains(words), checks::toString);
    }
}
