package io.ltxfs.node.cli;

import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.daemon.NodeFile;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Speaks to the running node of a data directory. */
final class NodeClient {
    private static final int CONNECT_MILLIS = 5_000;
    private static final int READ_MILLIS = 60_000;

    private final NodeFile node;

    private NodeClient(NodeFile node) {
        this.node = node;
    }

    /** The node that runs on the configuration's data directory; empty if none does. */
    static Optional<NodeClient> find(LtxfsConfig config) {
        try {
            return NodeFile.read(config.data()).filter(NodeFile::isAlive).map(NodeClient::new);
        } catch (IOException e) {
            throw new CliException(
                    ExitCode.FAILED,
                    "node file of " + config.data(),
                    Cli.describe(e),
                    "run the command as the user that the node runs as",
                    e);
        }
    }

    /** The node that runs; {@code what} is the command that needs it. */
    static NodeClient require(LtxfsConfig config, String what) {
        return find(config)
                .orElseThrow(() -> new CliException(
                        ExitCode.FAILED,
                        what,
                        "no node runs on " + config.data(),
                        "start one with 'ltxfs run', or name its directory with --data"));
    }

    /** Where the node shows its databases. */
    Path mount() {
        return node.mount();
    }

    /** The URL of its archive; empty if it has none. */
    String archive() {
        return node.archive();
    }

    /** Encodes a value for {@link #get}. */
    static String encode(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    /** The answer to a request as text. */
    String getText(String what, String pathAndQuery) {
        try (InputStream in = get(what, pathAndQuery)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw unreachable(what, e);
        }
    }

    /**
     * The answer to a request. An error of the node becomes the exit code that it stands for.
     *
     * @param what the command, for messages
     */
    InputStream get(String what, String pathAndQuery) {
        return ask("GET", what, pathAndQuery);
    }

    /** Asks for a change of roles. @return what happened, for people */
    String change(String what, String pathAndQuery) {
        try (InputStream in = ask("POST", what, pathAndQuery)) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return String.valueOf(Json.readObject(text).get("done"));
        } catch (IOException e) {
            throw unreachable(what, e);
        }
    }

    /** Refuses a command that writes, unless this node is the primary; the refusal says where that is. */
    void requirePrimary(String what) {
        Map<String, Object> status = Json.readObject(getText(what, "/status"));
        if ("primary".equals(status.get("role"))) {
            return;
        }
        Map<String, Object> primary = Json.object(status.get("primary"));
        throw new CliException(
                ExitCode.FAILED,
                what,
                "this node is " + ("replica".equals(status.get("role")) ? "a replica" : "starting"),
                primary.isEmpty()
                        ? "wait until there is a primary; see 'ltxfs status'"
                        : "run it on the primary, node " + primary.get("node") + " at " + primary.get("advertise")
                                + ", or make this node the primary with 'ltxfs promote'");
    }

    private InputStream ask(String method, String what, String pathAndQuery) {
        try {
            URI uri = URI.create("http://" + node.http() + pathAndQuery);
            HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
            connection.setRequestMethod(method);
            connection.setConnectTimeout(CONNECT_MILLIS);
            connection.setReadTimeout(READ_MILLIS);
            connection.setRequestProperty("Authorization", "Bearer " + node.token());
            int status = connection.getResponseCode();
            if (status == 200) {
                return connection.getInputStream();
            }
            throw refused(what, status, connection);
        } catch (IOException e) {
            throw unreachable(what, e);
        }
    }

    private static CliException refused(String what, int status, HttpURLConnection connection) throws IOException {
        String body = "";
        try (InputStream error = connection.getErrorStream()) {
            if (error != null) {
                body = new String(error.readAllBytes(), StandardCharsets.UTF_8);
            }
        }
        String why = "the node answered " + status;
        String next = "see its log";
        try {
            var object = Json.readObject(body);
            why = String.valueOf(object.getOrDefault("error", why));
            next = String.valueOf(object.getOrDefault("next", next));
        } catch (IllegalArgumentException e) {
            // not one of our own answers
        }
        int code = switch (status) {
            case 400 -> ExitCode.WRONG_USAGE;
            case 404, 410 -> ExitCode.NOT_FOUND;
            case 422 -> ExitCode.DATA_WRONG;
            default -> ExitCode.FAILED;
        };
        // "export app.db" and "app.db: the log …" say the name once
        int space = what.indexOf(' ');
        boolean named = space > 0 && why.startsWith(what.substring(space + 1) + ": ");
        return new CliException(code, named ? what.substring(0, space) : what, why, next);
    }

    private CliException unreachable(String what, IOException e) {
        return new CliException(
                ExitCode.FAILED,
                what,
                "the node (pid " + node.pid() + ") does not answer at " + node.http() + ": " + Cli.describe(e),
                "see its log, or 'ltxfs doctor'",
                e);
    }
}
