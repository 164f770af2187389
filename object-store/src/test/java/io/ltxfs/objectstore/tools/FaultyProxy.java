package io.ltxfs.objectstore.tools;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;

/**
 * Stands before an S3 server and does to chosen requests what networks and servers do. Requests pass unchanged, so their
 * signatures hold. Each connection carries one request.
 */
public final class FaultyProxy implements S3Server {

    /** What happens to a request. */
    public sealed interface Fault {
        /** The server never sees it, and this is the answer. */
        record Answer(int status, Map<String, String> headers, String body) implements Fault {}

        /** The server never sees it, and the connection closes. */
        record DropRequest() implements Fault {}

        /** The server does it, and the connection closes without an answer. */
        record DropAnswer() implements Fault {}

        /** The server's answer loses a header. */
        record DropHeader(String name) implements Fault {}

        /** Only so many bytes of the answer's body arrive, then the connection closes. */
        record CutAnswer(int bodyBytes) implements Fault {}

        /** Only so many bytes of the answer's body arrive, and nothing more until the proxy closes. */
        record StallAnswer(int bodyBytes) implements Fault {}

        /** A bit of the request's body turns over on its way. */
        record FlipBit() implements Fault {}

        /** Nothing comes until the proxy closes. */
        record Silence() implements Fault {}

        /** Something happens before it is passed on. */
        record Meanwhile(Runnable action) implements Fault {}
    }

    private record Plan(Predicate<String> requests, Fault fault) {}

    private final ServerSocket listener;
    private final URI server;
    private final List<Plan> plans = new ArrayList<>();
    private final List<String> seen = new ArrayList<>();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closed = new CountDownLatch(1);

    private FaultyProxy(ServerSocket listener, URI server) {
        this.listener = listener;
        this.server = server;
    }

    /** Starts one before a server, which must outlive it. */
    public static FaultyProxy before(S3Server server) throws IOException {
        FaultyProxy proxy = new FaultyProxy(
                new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), URI.create(server.endpoint()));
        proxy.thread("faulty-proxy", proxy::accept);
        return proxy;
    }

    /** An answer as S3 writes its errors. */
    public static Fault error(int status, String code) {
        return new Fault.Answer(
                status,
                Map.of("Content-Type", "application/xml"),
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>" + code
                        + "</Code><Message>as planned</Message></Error>");
    }

    /**
     * Plans what happens to the next request that fits; plans are used up in their order.
     *
     * @param start of the request's line, as in {@code PUT /}
     */
    public synchronized void next(String start, Fault fault) {
        plans.add(new Plan(line -> line.startsWith(start), fault));
    }

    /** The first lines of all requests so far, without the HTTP version. */
    public synchronized List<String> requests() {
        return List.copyOf(seen);
    }

    private synchronized Fault take(String line) {
        seen.add(line);
        for (Plan plan : plans) {
            if (plan.requests.test(line)) {
                plans.remove(plan);
                return plan.fault;
            }
        }
        return new Fault.Meanwhile(() -> {});
    }

    @Override
    public String endpoint() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    private void thread(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                sockets.add(socket);
                thread("faulty-proxy-connection", () -> serve(socket));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void serve(Socket client) {
        try (client) {
            InputStream in = new BufferedInputStream(client.getInputStream());
            OutputStream out = client.getOutputStream();
            List<String> head = head(in);
            if (head.isEmpty() || !head.get(0).contains(" HTTP/1.")) {
                return;
            }
            Map<String, String> headers = headers(head);
            if (headers.containsKey("expect")) {
                out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
                out.flush();
            }
            byte[] body = in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
            serve(head, body, out);
        } catch (IOException e) {
            // One of the two has gone; the other will see it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(client);
        }
    }

    private void serve(List<String> head, byte[] body, OutputStream out) throws IOException, InterruptedException {
        Fault fault = take(head.get(0).replaceAll(" HTTP/.*", ""));
        if (fault instanceof Fault.Answer answer) {
            byte[] text = answer.body.getBytes(StandardCharsets.UTF_8);
            StringBuilder lines = new StringBuilder("HTTP/1.1 " + answer.status + " Planned\r\n");
            answer.headers.forEach((name, value) -> lines.append(name + ": " + value + "\r\n"));
            lines.append("Content-Length: " + text.length + "\r\nConnection: close\r\n\r\n");
            out.write(lines.toString().getBytes(StandardCharsets.ISO_8859_1));
            if (!head.get(0).startsWith("HEAD ")) {
                out.write(text);
            }
            out.flush();
        } else if (fault instanceof Fault.Silence) {
            closed.await();
        } else if (!(fault instanceof Fault.DropRequest)) {
            if (fault instanceof Fault.Meanwhile meanwhile) {
                meanwhile.action.run();
            } else if (fault instanceof Fault.FlipBit) {
                body[body.length / 2] ^= 1;
            }
            forward(head, body, out, fault);
        }
    }

    private void forward(List<String> head, byte[] body, OutputStream out, Fault fault)
            throws IOException, InterruptedException {
        try (Socket upstream = new Socket(server.getHost(), server.getPort())) {
            sockets.add(upstream);
            OutputStream to = upstream.getOutputStream();
            StringBuilder lines = new StringBuilder();
            for (String line : head) {
                String lower = line.toLowerCase(Locale.ROOT);
                if (!lower.startsWith("expect:") && !lower.startsWith("connection:")) {
                    lines.append(line).append("\r\n");
                }
            }
            to.write((lines + "Connection: close\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
            to.write(body);
            to.flush();
            InputStream from = new BufferedInputStream(upstream.getInputStream());
            List<String> answer = head(from);
            if (fault instanceof Fault.DropAnswer) {
                from.readAllBytes();
                return;
            }
            StringBuilder answered = new StringBuilder();
            for (String line : answer) {
                if (!(fault instanceof Fault.DropHeader drop)
                        || !line.toLowerCase(Locale.ROOT).startsWith(drop.name.toLowerCase(Locale.ROOT) + ":")) {
                    answered.append(line).append("\r\n");
                }
            }
            out.write((answered + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            if (fault instanceof Fault.CutAnswer cut) {
                out.write(from.readNBytes(cut.bodyBytes));
            } else if (fault instanceof Fault.StallAnswer stall) {
                out.write(from.readNBytes(stall.bodyBytes));
                out.flush();
                closed.await();
            } else {
                from.transferTo(out);
            }
            out.flush();
        }
    }

    private static List<String> head(InputStream in) throws IOException {
        List<String> lines = new ArrayList<>();
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c != '\n') {
                if (c != '\r') {
                    line.write(c);
                }
                continue;
            }
            if (line.size() == 0) {
                return lines;
            }
            lines.add(line.toString(StandardCharsets.ISO_8859_1));
            line.reset();
        }
        return lines;
    }

    private static Map<String, String> headers(List<String> head) {
        Map<String, String> headers = new HashMap<>();
        for (String line : head.subList(1, head.size())) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return headers;
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            listener.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
