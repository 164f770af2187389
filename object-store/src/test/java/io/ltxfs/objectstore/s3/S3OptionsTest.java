package io.ltxfs.objectstore.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import io.ltxfs.objectstore.tools.InProcessServer;
import io.ltxfs.objectstore.tools.RealServer;
import io.ltxfs.objectstore.tools.S3Server;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.services.s3.S3Client;

/** What the parameters of the URL do: seen in the requests, and by real servers. */
final class S3OptionsTest {
    private static final ObjectBody BODY = ObjectBody.of("body".getBytes(UTF_8));

    @TempDir
    private Path directory;

    /** Keeps every request. */
    private static final class Requests implements ExecutionInterceptor {
        final List<SdkHttpRequest> all = new CopyOnWriteArrayList<>();

        @Override
        public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
            all.add(context.httpRequest());
        }

        String header(int request, String name) {
            return all.get(request).firstMatchingHeader(name).orElse("");
        }

        boolean hasHeader(int request, String part) {
            return all.get(request).headers().keySet().stream()
                    .anyMatch(name -> name.toLowerCase(Locale.ROOT).contains(part));
        }
    }

    private static S3Store open(String url, Requests requests) {
        return S3Store.open(S3Url.parse(url), S3Server.credentials(), requests, S3Store.PAGE_KEYS_MAX);
    }

    @Test
    void headersOfRequests() throws IOException {
        try (S3Server server = InProcessServer.start()) {
            Requests plain = new Requests();
            try (S3Store store = open(server.url("p"), plain)) {
                assertEquals(List.of(), plain.all);
                String etag = store.put("a", BODY, PutOptions.create().with(Map.of("k", "v")));
                store.put("a", BODY, PutOptions.ifMatch(etag));
                store.deleteAll(List.of("a", "b"));
            }
            assertEquals("*", plain.header(0, "If-None-Match"));
            assertEquals("v", plain.header(0, "x-amz-meta-k"));
            assertEquals("hBotaJrYa9FhFEdFPCLG/A==", plain.header(0, "Content-MD5"));
            assertFalse(plain.hasHeader(0, "checksum")
                    || plain.header(0, "Content-Encoding").contains("chunked"));
            assertFalse(plain.hasHeader(0, "encryption") || plain.hasHeader(0, "storage-class"));
            assertEquals("\"841a2d689ad86bd1611447453c22c6fc\"", plain.header(1, "If-Match"));
            assertFalse(plain.header(2, "Content-MD5").isEmpty(), "old servers want it for many deletes");

            Requests all = new Requests();
            try (S3Store store = open(
                    server.url("p")
                            + "&checksums=when-supported&etag-quotes=false&header.X-One=1&header.X-Two=a%20b&sse=aws:kms"
                            + "&sse-kms-key-id=key&storage-class=STANDARD_IA&part-size=5MiB",
                    all)) {
                assertThrows(StoreException.class, () -> store.put("a", BODY, PutOptions.ifMatch("0123")));
                assertThrows(StoreException.class, () -> store.head("b"));
                try {
                    store.put("c", ObjectBody.of(new byte[6 << 20]), PutOptions.create());
                } catch (StoreException e) {
                    // It may refuse the key.
                }
            }
            assertEquals("0123", all.header(0, "If-Match"));
            assertTrue(all.hasHeader(0, "checksum") || all.hasHeader(0, "trailer"), all.all::toString);
            assertFalse(all.hasHeader(0, "content-md5"));
            int creating = 0;
            for (int i = 0; i < all.all.size(); i++) {
                SdkHttpRequest request = all.all.get(i);
                boolean begins = request.rawQueryParameters().containsKey("uploads");
                if (begins
                        || request.method() == SdkHttpMethod.PUT
                                && request.rawQueryParameters().isEmpty()) {
                    assertEquals("aws:kms", all.header(i, "x-amz-server-side-encryption"));
                    assertEquals("key", all.header(i, "x-amz-server-side-encryption-aws-kms-key-id"));
                    assertEquals("STANDARD_IA", all.header(i, "x-amz-storage-class"));
                    creating++;
                }
            }
            assertEquals(2, creating, all.all::toString);
            for (int i = 0; i < all.all.size(); i++) {
                assertEquals("1", all.header(i, "X-One"));
                assertEquals("a b", all.header(i, "X-Two"));
                assertTrue(all.header(i, "Authorization").contains("x-one"), "headers are signed");
            }
        }
    }

    @Test
    void hostOfTheBucket() {
        Requests requests = new Requests();
        String place = "s3://my-bucket/p?endpoint=http://s3.invalid";
        try (S3Store store = open(place + "&path-style=false", requests)) {
            assertThrows(StoreException.class, () -> store.put("a", BODY, PutOptions.create()));
        }
        try (S3Store store = open(place, requests)) {
            assertThrows(StoreException.class, () -> store.put("a", BODY, PutOptions.create()));
        }
        assertEquals(
                "my-bucket.s3.invalid/p/a",
                requests.all.get(0).host() + requests.all.get(0).encodedPath());
        assertEquals(
                "s3.invalid/my-bucket/p/a",
                requests.all.get(1).host() + requests.all.get(1).encodedPath());
    }

    @Test
    void inProcess() throws IOException {
        try (S3Server server = InProcessServer.start()) {
            lists(server);
            puts(server);
        }
    }

    @Test
    void versitygw() throws Exception {
        try (S3Server server = RealServer.versitygw(directory)) {
            lists(server);
            puts(server);
        }
    }

    @Test
    @Tag("long")
    void minio() throws Exception {
        try (S3Server server = RealServer.minio(directory)) {
            lists(server);
            puts(server);
        }
    }

    /** Small pages, and what others leave in buckets. */
    private static void lists(S3Server server) throws IOException {
        List<String> keys = List.of("a", "b-/x", "b/1", "b/2", "b/c/1", "b0", "d/e/f");
        try (S3Store store = server.open("list");
                S3Store whole = S3Store.open(S3Url.parse(server.url("").replace("/?", "?")), S3Server.credentials())) {
            for (String key : keys) {
                store.put(key, BODY, PutOptions.create());
            }
            assertEquals(keys.stream().map(key -> "list/" + key).toList(), keys(whole, ""));
            assertEquals(List.of("list"), whole.children(""));
        }
        for (int page = 1; page <= 3; page++) {
            try (S3Store store = S3Store.open(S3Url.parse(server.url("list")), S3Server.credentials(), null, page)) {
                assertEquals(keys, keys(store, ""));
                assertEquals(List.of("b/1", "b/2", "b/c/1"), keys(store, "b/"));
                assertEquals(List.of("b", "b-", "d"), store.children(""));
                assertEquals(List.of("c"), store.children("b/"));
            }
        }
        try (S3Client client = server.client()) {
            for (String foreign : List.of("list/b/", "list/b/3/", "list/e/")) {
                client.putObject(put -> put.bucket(S3Server.BUCKET).key(foreign), RequestBody.empty());
            }
        }
        for (int page = 1; page <= 2; page++) {
            try (S3Store store = S3Store.open(S3Url.parse(server.url("list")), S3Server.credentials(), null, page)) {
                assertEquals(keys, keys(store, ""));
            }
        }
    }

    private static List<String> keys(S3Store store, String prefix) throws StoreException {
        List<String> keys = new ArrayList<>();
        ListPage page;
        do {
            page = store.list(prefix, keys.isEmpty() ? "" : keys.get(keys.size() - 1));
            page.objects().forEach(object -> keys.add(object.key()));
        } while (page.more());
        return keys;
    }

    /** In one request and in parts, with each kind of checksum. */
    private static void puts(S3Server server) throws IOException {
        byte[] bytes = new byte[(10 << 20) + 1];
        new Random(3).nextBytes(bytes);
        for (S3Url.Checksums checksums : S3Url.Checksums.values()) {
            String url = server.url("put-" + checksums.word) + "&part-size=5MiB&checksums=" + checksums.word;
            try (S3Store store = S3Store.open(S3Url.parse(url), S3Server.credentials())) {
                for (int size : new int[] {0, 1, 5 << 20, (5 << 20) + 1, bytes.length}) {
                    String key = "k" + size;
                    ObjectBody body = ObjectBody.of(bytes, 0, size);
                    String etag = store.put(key, body, PutOptions.create().with(Map.of("size", "" + size)));
                    ObjectInfo info = store.head(key);
                    assertEquals(etag, info.etag());
                    assertEquals(size, info.size());
                    assertEquals(Map.of("size", "" + size), info.metadata());
                    assertArrayEquals(Arrays.copyOf(bytes, size), store.get(key).readAll());
                    assertEquals(
                            Kind.PRECONDITION_FAILED,
                            assertThrows(StoreException.class, () -> store.put(key, body, PutOptions.create()))
                                    .kind());
                    assertEquals(
                            Kind.PRECONDITION_FAILED,
                            assertThrows(
                                            StoreException.class,
                                            () -> store.put(key, body, PutOptions.ifMatch("0123456789")))
                                    .kind());
                    store.put(key, body, PutOptions.ifMatch(etag));
                }
            }
        }
    }
}
