package io.ltxfs.node.daemon;

import io.ltxfs.node.config.Endpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP port: a Jetty server in front of a {@link HttpApi}. */
final class HttpPort implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpPort.class);
    private static final int THREADS_MAX = 10;

    private final Server server;
    private final ServerConnector connector;
    private final String host;

    private HttpPort(Server server, ServerConnector connector, String host) {
        this.server = server;
        this.connector = connector;
        this.host = host;
    }

    /**
     * Opens the port. Requests are answered from {@link #serve} on.
     *
     * @throws NodeException if it is taken, or the address is not this machine's
     */
    static HttpPort open(Endpoint listen) throws NodeException {
        QueuedThreadPool threads = new QueuedThreadPool(THREADS_MAX, 2);
        threads.setName("http");
        threads.setDaemon(true);
        Server server = new Server(threads);
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendServerVersion(false);
        ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(configuration));
        connector.setHost(listen.host());
        connector.setPort(listen.port());
        server.addConnector(connector);
        try {
            connector.open();
        } catch (IOException e) {
            throw new NodeException(
                    "http.listen " + listen,
                    "cannot listen there: " + e.getMessage(),
                    "free the port, or use --set http.listen=127.0.0.1:0 for any free one",
                    e);
        }
        return new HttpPort(server, connector, listen.host());
    }

    /** Host and port that commands of this machine speak to. */
    String address() {
        boolean any = host.equals("0.0.0.0") || host.equals("::");
        return new Endpoint(any ? "127.0.0.1" : host, connector.getLocalPort()).toString();
    }

    /** Answers requests from here on. */
    void serve(HttpApi api, String token) throws NodeException {
        server.setHandler(new ApiHandler(api, token));
        try {
            server.start();
        } catch (Exception e) {
            throw new NodeException("http", "cannot be served: " + e, "see the log", e);
        }
    }

    @Override
    public void close() {
        try {
            server.setStopTimeout(0); // at once: whoever asks will ask the next node
            server.stop();
            connector.close();
        } catch (Exception e) {
            LOG.warn("could not stop the HTTP port error={}", e.toString());
        }
    }

    private static final class ApiHandler extends Handler.Abstract {
        private final HttpApi api;
        private final byte[] credentials;

        ApiHandler(HttpApi api, String token) {
            this.api = api;
            this.credentials = ("Bearer " + token).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            CompletableFuture<HttpAnswer> answer;
            try {
                answer = answer(request);
            } catch (IOException | RuntimeException e) {
                LOG.warn("could not answer path={} error={}", Request.getPathInContext(request), e.toString());
                answer = CompletableFuture.completedFuture(HttpApi.failed(e));
            }
            if (answer.isDone()) {
                send(answer.join(), request, response, callback);
            } else {
                // Whoever completes it has other things to do than to write to a socket.
                answer.exceptionally(HttpApi::failed)
                        .thenAcceptAsync(
                                late -> send(late, request, response, callback),
                                request.getComponents().getExecutor());
            }
            return true;
        }

        private CompletableFuture<HttpAnswer> answer(Request request) throws IOException {
            String path = Request.getPathInContext(request);
            if (!HttpApi.isOpen(path) && !isAllowed(request)) {
                return CompletableFuture.completedFuture(HttpAnswer.error(
                        401,
                        "the token is missing or wrong",
                        "send 'Authorization: Bearer' with the node file's token"));
            }
            Fields query = Request.extractQueryParameters(request, StandardCharsets.UTF_8);
            return api.answer(request.getMethod(), path, name -> Optional.ofNullable(query.getValue(name)));
        }

        private boolean isAllowed(Request request) {
            String given = request.getHeaders().get(HttpHeader.AUTHORIZATION);
            return given != null && MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), credentials);
        }

        private static void send(HttpAnswer answer, Request request, Response response, Callback callback) {
            response.setStatus(answer.status());
            response.getHeaders().put(new HttpField(HttpHeader.CONTENT_TYPE, answer.contentType()));
            response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
            if (request.getMethod().equals("HEAD")) {
                callback.succeeded();
                return;
            }
            OutputStream out = Content.Sink.asOutputStream(response);
            try {
                answer.body().write(out);
                out.close();
                callback.succeeded();
            } catch (IOException | RuntimeException e) {
                if (response.isCommitted()) {
                    LOG.warn("could not finish an answer error={}", e.toString());
                    callback.failed(e);
                } else {
                    send(HttpApi.failed(e), request, response, callback);
                }
            }
        }
    }
}
