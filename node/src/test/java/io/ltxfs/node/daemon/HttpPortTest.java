package io.ltxfs.node.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.fusefs.Mount;
import io.ltxfs.node.config.ConfigLoader;
import io.ltxfs.node.config.ConfigRequest;
import io.ltxfs.node.config.Endpoint;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.roles.AloneRoles;
import io.ltxfs.node.roles.ClusterView;
import io.ltxfs.node.roles.Roles;
import io.ltxfs.objectstore.json.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The HTTP port of a node that is starting: there is no mount yet. */
class HttpPortTest {
    private static final String TOKEN = "0123456789abcdef";
    private final HttpClient client = HttpClient.newHttpClient();
    private HttpPort port;

    @BeforeEach
    void open() throws NodeException {
        LtxfsConfig config = ConfigLoader.load(
                        new ConfigRequest(Optional.empty(), List.of("archive.url=none"), Map.of(), true, "host1"))
                .config();
        Optional<Mount> none = Optional.empty();
        Archiving archiving = Archiving.open(config);
        Roles roles = new AloneRoles(new ClusterView.Member("host1", "host1:20203"), () -> false, List::of);
        HttpApi api = new HttpApi(
                () -> StatusDocument.of(config, 42, "test", none, archiving, roles.view(), List.of("a notice")),
                () -> none,
                new MetricsText(archiving, roles::view),
                roles,
                new PositionWaits(database -> 0));
        port = HttpPort.open(new Endpoint("127.0.0.1", 0));
        port.serve(api, TOKEN);
    }

    @AfterEach
    void close() {
        port.close();
    }

    @Test
    void statusHasTheFieldsOfItsContract() throws Exception {
        HttpResponse<String> response = get("/status", "");
        assertEquals(200, response.statusCode());
        Map<String, Object> status = Json.readObject(response.body());
        assertTrue(status.keySet()
                .containsAll(
                        Set.of("node", "pid", "role", "epoch", "primary", "lease", "databases", "peers", "warnings")));
        assertEquals("starting", status.get("role"));
        assertEquals(42, status.get("pid"));
        assertEquals(Map.of("node", "host1", "advertise", "host1:20203"), status.get("primary"));
        assertTrue(Json.object(status.get("lease")).containsKey("remainingMillis"));
        assertEquals(List.of("a notice"), status.get("warnings"));
    }

    @Test
    void healthSaysThatTheNodeIsStarting() throws Exception {
        assertEquals(503, get("/health", "").statusCode());
    }

    @Test
    void metricsAreInThePrometheusTextFormat() throws Exception {
        HttpResponse<String> response = get("/metrics", "");
        assertEquals(200, response.statusCode());
        assertTrue(response.headers().firstValue("Content-Type").orElse("").startsWith("text/plain"));
        assertTrue(response.body().contains("ltxfs_ready 0.0"), response.body());
    }

    @Test
    void theRestNeedsTheToken() throws Exception {
        for (String path : List.of("/export?db=a.db", "/log?db=a.db", "/anything", "/status/")) {
            assertEquals(401, get(path, "").statusCode(), path);
            assertEquals(401, get(path, "Bearer wrong").statusCode(), path);
        }
        HttpResponse<String> starting = get("/export?db=a.db", "Bearer " + TOKEN);
        assertEquals(503, starting.statusCode());
        assertTrue(Json.readObject(starting.body()).containsKey("next"), starting.body());
        assertEquals(404, get("/anything", "Bearer " + TOKEN).statusCode());
    }

    @Test
    void otherMethodsAreRefused() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + port.address() + "/status"))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        assertEquals(
                405, client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
    }

    @Test
    void aPortThatIsTakenIsNamed() {
        int taken = Integer.parseInt(port.address().replaceAll(".*:", ""));
        NodeException e = assertThrows(NodeException.class, () -> HttpPort.open(new Endpoint("127.0.0.1", taken)));
        assertTrue(e.getMessage().contains("http.listen 127.0.0.1:" + taken), e.getMessage());
    }

    private HttpResponse<String> get(String pathAndQuery, String authorization) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://" + port.address() + pathAndQuery));
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
