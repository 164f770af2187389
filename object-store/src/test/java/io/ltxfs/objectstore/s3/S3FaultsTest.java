package io.ltxfs.objectstore.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import io.ltxfs.objectstore.tools.FaultyProxy;
import io.ltxfs.objectstore.tools.FaultyProxy.Fault;
import io.ltxfs.objectstore.tools.InProcessServer;
import io.ltxfs.objectstore.tools.S3Server;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.core.SdkGlobalTime;

/** What networks and servers do wrong has its kind, its words and its known outcome. */
final class S3FaultsTest {
    private static final ObjectBody BODY = ObjectBody.of("body".getBytes(UTF_8));
    private static final String PARTED = "&part-size=5MiB";

    private static InProcessServer server;
    private static int places;

    private String place;
    private FaultyProxy proxy;
    private S3Store store;
    /** Past the faults. */
    private S3Store direct;

    @BeforeAll
    static void startServer() {
        server = InProcessServer.start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void start() throws IOException {
        place = "place-" + places++;
        proxy = FaultyProxy.before(server);
        store = open("");
        direct = server.open(place);
    }

    @AfterEach
    void stop() {
        store.close();
        direct.close();
        proxy.close();
    }

    private S3Store open(String parameters) {
        return S3Store.open(S3Url.parse(proxy.url(place) + parameters), S3Server.credentials());
    }

    private static StoreException fails(Kind kind, boolean outcomeUnknown, Executable call) {
        StoreException e = assertThrows(StoreException.class, call);
        assertEquals(kind, e.kind(), e.getMessage());
        assertEquals(outcomeUnknown, e.outcomeUnknown(), e.getMessage());
        return e;
    }

    private static void says(StoreException e, String... words) {
        for (String word : words) {
            assertTrue(e.getMessage().contains(word), "'" + word + "' in: " + e.getMessage());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    404 | NoSuchBucket               | NO_STORE            | false | no bucket 'ltxfs-tests'
                    403 | InvalidAccessKeyId         | CREDENTIALS         | false | access key 'LTXF…SKEY'
                    403 | SignatureDoesNotMatch      | CREDENTIALS         | false | correct AWS_SECRET_ACCESS_KEY
                    400 | ExpiredToken               | CREDENTIALS         | false | has expired
                    400 | InvalidToken               | CREDENTIALS         | false | AWS_SESSION_TOKEN
                    403 | AccessDenied               | DENIED              | false | may not write here
                    405 | MethodNotAllowed           | DENIED              | false | may not write here
                    409 | ConditionalRequestConflict | CONFLICT            | false | another request
                    409 | OperationAborted           | CONFLICT            | false | another request
                    412 | PreconditionFailed         | PRECONDITION_FAILED | false | there already
                    400 | BadDigest                  | UNAVAILABLE         | false | did not reach the server whole
                    400 | RequestTimeout             | UNAVAILABLE         | false | did not reach the server whole
                    429 | TooManyRequests            | UNAVAILABLE         | false | fewer requests
                    503 | SlowDown                   | UNAVAILABLE         | true  | fewer requests
                    500 | InternalError              | UNAVAILABLE         | true  | failed with 500
                    502 | BadGateway                 | UNAVAILABLE         | true  | failed with 502
                    507 | XMinioStorageFull          | FULL                | false | used up
                    403 | QuotaExceeded              | FULL                | false | used up
                    501 | NotImplemented             | PROTOCOL            | false | conditional puts
                    400 | MetadataTooLarge           | PROTOCOL            | false | MetadataTooLarge as planned
                    """)
    void refusedPut(int status, String code, Kind kind, boolean outcomeUnknown, String words) throws Exception {
        proxy.next("PUT", FaultyProxy.error(status, code));
        StoreException e = fails(kind, outcomeUnknown, () -> store.put("a", BODY, PutOptions.create()));
        says(e, "s3://ltxfs-tests/" + place + "/a: ", "; ", words);
        assertEquals(1, proxy.requests().size(), "a put is never sent again");
        fails(Kind.NOT_FOUND, false, () -> direct.head("a"));
    }

    @Test
    void conditionOfAnObjectThatIsNotThere() {
        proxy.next("PUT", FaultyProxy.error(404, "NoSuchKey"));
        fails(Kind.PRECONDITION_FAILED, false, () -> store.put("a", BODY, PutOptions.ifMatch("0123")));
    }

    @Test
    void clocksApart() {
        proxy.next(
                "PUT",
                new Fault.Answer(
                        403,
                        Map.of("Date", "Tue, 01 Jan 2030 00:00:00 GMT"),
                        "<Error><Code>RequestTimeTooSkewed</Code></Error>"));
        try {
            StoreException e = fails(Kind.CLOCK_SKEW, false, () -> store.put("a", BODY, PutOptions.create()));
            says(e, "Tue, 01 Jan 2030", "this machine's clock says 20");
        } finally {
            // The SDK has taken the server's word for all that this JVM does.
            SdkGlobalTime.setGlobalTimeOffset(0);
        }
    }

    @Test
    void otherRegion() {
        proxy.next(
                "GET",
                new Fault.Answer(
                        301,
                        Map.of("x-amz-bucket-region", "eu-west-1"),
                        "<Error><Code>PermanentRedirect</Code></Error>"));
        says(
                fails(Kind.NO_STORE, false, () -> store.list("", "")),
                "in region eu-west-1, not us-east-1",
                "region=eu-west-1");
        proxy.next(
                "GET",
                new Fault.Answer(
                        400,
                        Map.of(),
                        "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; the"
                                + " region 'us-east-1' is wrong; expecting 'eu-west-2'</Message></Error>"));
        says(fails(Kind.NO_STORE, false, () -> store.list("", "")), "region=eu-west-2");
        proxy.next("GET", new Fault.Answer(307, Map.of("Location", "http://elsewhere/"), ""));
        says(fails(Kind.NO_STORE, false, () -> store.list("", "")), "307 to http://elsewhere/", "path-style");
    }

    @Test
    void headsAreExplained() throws Exception {
        proxy.next("HEAD", FaultyProxy.error(403, ""));
        proxy.next("GET", FaultyProxy.error(403, "SignatureDoesNotMatch"));
        fails(Kind.CREDENTIALS, false, () -> store.head("a"));
        proxy.next("HEAD", FaultyProxy.error(404, ""));
        proxy.next("GET", FaultyProxy.error(404, "NoSuchBucket"));
        fails(Kind.NO_STORE, false, () -> store.head("a"));
        direct.put("a", BODY, PutOptions.create());
        assertEquals(4, store.head("a").size());
        int before = proxy.requests().size();
        fails(Kind.NOT_FOUND, false, () -> store.head("b"));
        assertEquals(before + 1, proxy.requests().size(), "a bucket that has answered is there");
    }

    @Test
    void lostAnswerOfAPut() throws Exception {
        proxy.next("PUT", new Fault.DropAnswer());
        fails(Kind.UNAVAILABLE, true, () -> store.put("a", BODY, PutOptions.create()));
        assertEquals(4, direct.head("a").size());
        proxy.next("PUT", new Fault.DropRequest());
        fails(Kind.UNAVAILABLE, true, () -> store.put("b", BODY, PutOptions.create()));
        fails(Kind.NOT_FOUND, false, () -> direct.head("b"));
        assertEquals(2, proxy.requests().size());
    }

    @Test
    void lostAnswerOfADelete() throws Exception {
        direct.put("a", BODY, PutOptions.create());
        proxy.next("DELETE", new Fault.DropAnswer());
        fails(Kind.UNAVAILABLE, true, () -> store.delete("a"));
        fails(Kind.NOT_FOUND, false, () -> direct.head("a"));
    }

    @Test
    void readsAreTriedAgain() throws Exception {
        direct.put("a", BODY, PutOptions.create());
        proxy.next("GET", FaultyProxy.error(503, "SlowDown"));
        proxy.next("GET", new Fault.DropAnswer());
        assertEquals("body", new String(store.get("a").readAll(), UTF_8));
        for (int i = 0; i < 3; i++) {
            proxy.next("GET", FaultyProxy.error(500, "InternalError"));
        }
        fails(Kind.UNAVAILABLE, false, () -> store.list("", ""));
        assertEquals(6, proxy.requests().size());
        proxy.next("GET", FaultyProxy.error(403, "AccessDenied"));
        says(fails(Kind.DENIED, false, () -> store.get("a")), "may not read here");
        assertEquals(7, proxy.requests().size(), "what will not pass is asked once");
    }

    @Test
    void silence() {
        try (S3Store hasty = open("&timeout=300ms")) {
            proxy.next("PUT", new Fault.Silence());
            says(
                    fails(Kind.UNAVAILABLE, true, () -> hasty.put("a", BODY, PutOptions.create())),
                    "within 0.3 s",
                    "timeout=");
            for (int i = 0; i < 3; i++) {
                proxy.next("GET", new Fault.Silence());
            }
            fails(Kind.UNAVAILABLE, false, () -> hasty.get("a"));
        }
    }

    @Test
    void brokenReadGoesOn() throws Exception {
        byte[] bytes = new byte[300_000];
        new Random(1).nextBytes(bytes);
        direct.put("a", ObjectBody.of(bytes), PutOptions.create());
        proxy.next("GET", new Fault.CutAnswer(100_000));
        proxy.next("GET", new Fault.CutAnswer(50_000));
        proxy.next("GET", new Fault.CutAnswer(0));
        try (ObjectContent content = store.get("a", 10, 299_000)) {
            byte[] read = content.readAll();
            assertArrayEquals(Arrays.copyOfRange(bytes, 10, 299_010), read);
        }
        assertEquals(4, proxy.requests().size());
        for (int i = 0; i < 3; i++) {
            proxy.next("GET", new Fault.CutAnswer(0));
        }
        fails(Kind.UNAVAILABLE, false, () -> store.get("a").readAll());
    }

    @Test
    void stalledReadGoesOn() throws Exception {
        byte[] bytes = new byte[300_000];
        new Random(4).nextBytes(bytes);
        direct.put("a", ObjectBody.of(bytes), PutOptions.create());
        try (S3Store hasty = open("&timeout=2s")) { // the rest has to come in that time, on a busy machine too
            proxy.next("GET", new Fault.StallAnswer(100_000));
            assertArrayEquals(bytes, hasty.get("a").readAll());
            for (int i = 0; i < 3; i++) {
                proxy.next("GET", new Fault.StallAnswer(0));
            }
            says(fails(Kind.UNAVAILABLE, false, () -> hasty.get("a").readAll()), "no answer within 2.0 s");
        }
    }

    @Test
    void readToTheEndGivesTheConnectionBack() throws Exception {
        direct.put("a", ObjectBody.of(new byte[100_000]), PutOptions.create());
        for (int i = 0; i < 2 * S3Clients.CONNECTIONS_MAX; i++) {
            assertEquals(1000, direct.get("a", i, 1000).readAll().length);
            // Closed before its end, too.
            direct.get("a").close();
        }
    }

    @Test
    void replacedWhileRead() throws Exception {
        direct.put("a", ObjectBody.of(new byte[100_000]), PutOptions.create());
        proxy.next("GET", new Fault.CutAnswer(50_000));
        proxy.next("GET", new Fault.Meanwhile(() -> {
            try {
                direct.put("a", ObjectBody.of(new byte[100_001]), PutOptions.replace());
            } catch (StoreException e) {
                throw new AssertionError(e);
            }
        }));
        says(fails(Kind.CONFLICT, false, () -> store.get("a").readAll()), "replaced while it was read");
    }

    @Test
    void damagedOnItsWay() {
        proxy.next("PUT", new Fault.FlipBit());
        fails(Kind.UNAVAILABLE, false, () -> store.put("a", BODY, PutOptions.create()));
        fails(Kind.NOT_FOUND, false, () -> direct.head("a"));
    }

    @Test
    void answerWithoutETag() {
        proxy.next("PUT", new Fault.DropHeader("ETag"));
        says(fails(Kind.PROTOCOL, true, () -> store.put("a", BODY, PutOptions.create())), "no ETag");
    }

    @Test
    void notAnS3Server() {
        proxy.next("GET", new Fault.Answer(200, Map.of("Content-Type", "text/html"), "<html><body><p>Welcome"));
        says(fails(Kind.PROTOCOL, false, () -> store.list("", "")), "an S3 server?");
    }

    @Test
    void serverThatDeletesSingly() throws Exception {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            keys.add("k" + i);
            direct.put("k" + i, BODY, PutOptions.create());
        }
        proxy.next("POST", FaultyProxy.error(501, "NotImplemented"));
        store.deleteAll(keys);
        assertEquals(List.of(), direct.list("", "").objects());
        store.deleteAll(keys);
        assertEquals(7, proxy.requests().size(), "it is not asked for what it does not know again");
    }

    @Test
    void someNotDeleted() {
        proxy.next(
                "POST",
                new Fault.Answer(
                        200,
                        Map.of(),
                        "<DeleteResult><Error><Key>" + place
                                + "/b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>"));
        says(fails(Kind.DENIED, false, () -> store.deleteAll(List.of("a", "b"))), place + "/b: ", "may not write");
    }

    @Test
    void partsAreTriedAgainAndTheJoinIsNot() throws Exception {
        byte[] bytes = new byte[6 << 20];
        new Random(2).nextBytes(bytes);
        try (S3Store parted = open(PARTED)) {
            proxy.next("PUT", FaultyProxy.error(503, "SlowDown"));
            proxy.next("PUT", new Fault.DropAnswer());
            String etag =
                    parted.put("a", ObjectBody.of(bytes), PutOptions.create().with(Map.of("k", "v")));
            ObjectInfo info = direct.head("a");
            assertEquals(etag, info.etag());
            assertEquals(Map.of("k", "v"), info.metadata());
            assertArrayEquals(bytes, direct.get("a").readAll());
            // Look, begin, two parts with two tries in vain, join.
            assertEquals(7, proxy.requests().size(), proxy.requests()::toString);

            // Seen before a part is put, and where looking is not allowed, at the join.
            fails(Kind.PRECONDITION_FAILED, false, () -> parted.put("a", ObjectBody.of(bytes), PutOptions.create()));
            fails(
                    Kind.PRECONDITION_FAILED,
                    false,
                    () -> parted.put("a", ObjectBody.of(bytes), PutOptions.ifMatch("00")));
            assertEquals(9, proxy.requests().size());
            proxy.next("HEAD", FaultyProxy.error(403, ""));
            fails(Kind.PRECONDITION_FAILED, false, () -> parted.put("a", ObjectBody.of(bytes), PutOptions.create()));
            proxy.next("HEAD", FaultyProxy.error(403, ""));
            fails(
                    Kind.PRECONDITION_FAILED,
                    false,
                    () -> parted.put("a", ObjectBody.of(bytes), PutOptions.ifMatch("00")));
            parted.put("a", ObjectBody.of(bytes), PutOptions.ifMatch(etag));

            proxy.next("POST /ltxfs-tests/" + place + "/b?uploadId", new Fault.DropAnswer());
            fails(Kind.UNAVAILABLE, true, () -> parted.put("b", ObjectBody.of(bytes), PutOptions.create()));
            assertEquals(bytes.length, direct.head("b").size());

            for (int i = 0; i < 3; i++) {
                proxy.next("PUT", FaultyProxy.error(500, "InternalError"));
            }
            fails(Kind.UNAVAILABLE, false, () -> parted.put("c", ObjectBody.of(bytes), PutOptions.create()));
        }
        try (var client = server.client()) {
            assertEquals(
                    List.of(),
                    client.listMultipartUploads(list -> list.bucket(S3Server.BUCKET))
                            .uploads(),
                    "no parts are left behind");
        }
    }

    @Test
    void bodyThatCannotBeRead() {
        ObjectBody broken = new ObjectBody() {
            @Override
            public long size() {
                return 10;
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(new byte[4]);
            }
        };
        says(
                fails(Kind.SOURCE, false, () -> store.put("a", broken, PutOptions.create())),
                "ends 6 bytes too early",
                "its disk");
        assertEquals(List.of(), proxy.requests());
    }

    @Test
    void nobodyThere() {
        proxy.close();
        says(
                fails(Kind.UNAVAILABLE, false, () -> store.put("a", BODY, PutOptions.create())),
                proxy.endpoint() + " cannot be reached");
        try (S3Store nowhere = S3Store.open(
                S3Url.parse("s3://bucket/p?endpoint=http://nowhere.invalid:1&path-style=false"),
                S3Server.credentials())) {
            says(
                    fails(Kind.UNAVAILABLE, false, () -> nowhere.put("a", BODY, PutOptions.create())),
                    "bucket.nowhere.invalid");
        }
    }

    @Test
    void plainServerAndTls() {
        try (S3Store tls =
                S3Store.open(S3Url.parse(server.url(place).replace("http://", "https://")), S3Server.credentials())) {
            fails(Kind.UNAVAILABLE, false, () -> tls.put("a", BODY, PutOptions.create()));
        }
    }

    @Test
    void closedStore() {
        store.close();
        says(fails(Kind.UNAVAILABLE, false, () -> store.head("a")), "was closed");
        assertFalse(store.isLocal());
    }
}
