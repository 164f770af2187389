package io.ltxfs.node.daemon;

import io.ltxfs.database.CorruptDatabaseException;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.NotAvailableException;
import io.ltxfs.database.TransactionSummary;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.fusefs.Mount;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What the HTTP port answers, without the HTTP. {@code /health}, {@code /status} and {@code /metrics} are for
 * everyone who reaches the port; everything else needs the token of the node file.
 */
final class HttpApi {
    private final Supplier<Map<String, Object>> status;
    private final Supplier<Optional<Mount>> mount;
    private final MetricsText metrics;

    HttpApi(Supplier<Map<String, Object>> status, Supplier<Optional<Mount>> mount, MetricsText metrics) {
        this.status = status;
        this.mount = mount;
        this.metrics = metrics;
    }

    /** Whether a path needs no token. */
    static boolean isOpen(String path) {
        return path.equals("/health") || path.equals("/status") || path.equals("/metrics");
    }

    /**
     * Answers a request.
     *
     * @param parameter the query's value for a name
     */
    HttpAnswer answer(String method, String path, Function<String, Optional<String>> parameter) throws IOException {
        if (!method.equals("GET") && !method.equals("HEAD")) {
            return HttpAnswer.error(405, method + " is not allowed on " + path, "use GET");
        }
        return switch (path) {
            case "/health" -> health();
            case "/status" -> HttpAnswer.json(200, status.get());
            case "/metrics" -> {
                byte[] text = metrics.write(mount.get());
                yield new HttpAnswer(200, MetricsText.CONTENT_TYPE, out -> out.write(text));
            }
            case "/log" -> withDatabase(parameter, HttpApi::log);
            case "/export" -> withDatabase(parameter, (set, name) -> export(set, name, parameter.apply("txid")));
            default -> HttpAnswer.error(404, "there is nothing at " + path, "see the documentation of the HTTP API");
        };
    }

    private HttpAnswer health() {
        boolean ready = mount.get().isPresent();
        return HttpAnswer.json(ready ? 200 : 503, Map.of("status", ready ? "ok" : "starting"));
    }

    /** Answers for one database. */
    @FunctionalInterface
    private interface ForDatabase {
        HttpAnswer answer(DatabaseSet set, String name) throws IOException;
    }

    private HttpAnswer withDatabase(Function<String, Optional<String>> parameter, ForDatabase answer)
            throws IOException {
        Optional<Mount> serving = mount.get();
        if (serving.isEmpty()) {
            return HttpAnswer.error(503, "the node is starting", "try again in a moment");
        }
        Optional<String> name = parameter.apply("db");
        if (name.isEmpty()) {
            return HttpAnswer.error(400, "db is missing", "name a database with ?db=NAME");
        }
        return answer.answer(serving.get().databases(), name.get());
    }

    private static HttpAnswer log(DatabaseSet set, String name) throws IOException {
        List<TransactionSummary> history = set.history(name);
        if (history.isEmpty() && set.find(name).isEmpty()) {
            return unknown(name);
        }
        return HttpAnswer.json(200, LogDocument.of(history));
    }

    private static HttpAnswer export(DatabaseSet set, String name, Optional<String> txid) {
        long wanted = 0;
        if (txid.isPresent()) {
            if (!txid.get().matches("[0-9A-Fa-f]{1,16}")) {
                return HttpAnswer.error(400, "'" + txid.get() + "' is not a TXID", "write 1 to 16 hexadecimal digits");
            }
            wanted = Long.parseUnsignedLong(txid.get(), 16);
        }
        if (set.find(name).isEmpty()) {
            return unknown(name);
        }
        long position = wanted;
        return new HttpAnswer(
                200, "application/vnd.sqlite3", out -> set.export(name, position, Channels.newChannel(out)));
    }

    private static HttpAnswer unknown(String name) {
        return HttpAnswer.error(404, "there is no database " + name, "see 'ltxfs status' for those that there are");
    }

    /** The answer for a request that failed. */
    static HttpAnswer failed(Throwable problem) {
        if (problem instanceof NotAvailableException) {
            return HttpAnswer.error(410, String.valueOf(problem.getMessage()), "ask for one of those");
        }
        if (problem instanceof CorruptDatabaseException) {
            return HttpAnswer.error(422, String.valueOf(problem.getMessage()), "see 'ltxfs status' and the node's log");
        }
        if (problem instanceof DiskException) {
            return HttpAnswer.error(500, String.valueOf(problem.getMessage()), "see the node's log");
        }
        return HttpAnswer.error(500, problem.toString(), "see the node's log");
    }
}
