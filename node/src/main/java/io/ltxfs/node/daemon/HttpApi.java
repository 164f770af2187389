package io.ltxfs.node.daemon;

import io.ltxfs.database.CorruptDatabaseException;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.NotAvailableException;
import io.ltxfs.database.TransactionSummary;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.fusefs.Mount;
import io.ltxfs.node.config.ConfigLoader;
import io.ltxfs.node.roles.RoleException;
import io.ltxfs.node.roles.Roles;
import java.io.IOException;
import java.nio.channels.Channels;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What the HTTP port answers, without the HTTP. {@code /health}, {@code /status} and {@code /metrics} are for
 * everyone who reaches the port; everything else needs the token of the node file.
 */
final class HttpApi {
    private static final Optional<Duration> WAIT_DEFAULT = Optional.of(Duration.ofSeconds(5));
    private static final Duration WAIT_MAX = Duration.ofMinutes(5);

    private final Supplier<Map<String, Object>> status;
    private final Supplier<Optional<Mount>> mount;
    private final MetricsText metrics;
    private final Roles roles;
    private final PositionWaits waits;

    HttpApi(
            Supplier<Map<String, Object>> status,
            Supplier<Optional<Mount>> mount,
            MetricsText metrics,
            Roles roles,
            PositionWaits waits) {
        this.status = status;
        this.mount = mount;
        this.metrics = metrics;
        this.roles = roles;
        this.waits = waits;
    }

    /** Whether a path needs no token. */
    static boolean isOpen(String path) {
        return path.equals("/health") || path.equals("/status") || path.equals("/metrics");
    }

    /** Whether a path changes something, and so is for POST. */
    private static boolean isChange(String path) {
        return path.equals("/promote") || path.equals("/handoff");
    }

    /**
     * Answers a request. What takes longer than a moment is answered later, and holds no thread until then.
     *
     * @param parameter the query's value for a name
     */
    CompletableFuture<HttpAnswer> answer(String method, String path, Function<String, Optional<String>> parameter)
            throws IOException {
        boolean read = method.equals("GET") || method.equals("HEAD");
        if (isChange(path) ? !method.equals("POST") : !read) {
            return done(HttpAnswer.error(
                    405, method + " is not allowed on " + path, isChange(path) ? "use POST" : "use GET"));
        }
        return switch (path) {
            case "/promote" ->
                change(roles.promote(
                        parameter.apply("force").filter("1"::equals).isPresent()));
            case "/handoff" -> change(roles.handOff(parameter.apply("node")));
            case "/wait" -> await(parameter);
            default -> done(now(path, parameter));
        };
    }

    private static CompletableFuture<HttpAnswer> done(HttpAnswer answer) {
        return CompletableFuture.completedFuture(answer);
    }

    private HttpAnswer now(String path, Function<String, Optional<String>> parameter) throws IOException {
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
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("status", ready ? "ok" : "starting");
        document.put("role", StatusDocument.word(roles.view().role()));
        return HttpAnswer.json(ready ? 200 : 503, document);
    }

    private static CompletableFuture<HttpAnswer> change(CompletableFuture<String> change) {
        return change.handle((done, failure) -> {
            if (failure == null) {
                return HttpAnswer.json(200, Map.of("done", done));
            }
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            return cause instanceof RoleException refused
                    ? HttpAnswer.error(409, String.valueOf(refused.getMessage()), refused.next())
                    : failed(cause);
        });
    }

    private CompletableFuture<HttpAnswer> await(Function<String, Optional<String>> parameter) {
        Optional<String> name = parameter.apply("db");
        Optional<Long> txid = parameter.apply("txid").flatMap(HttpApi::txid);
        Optional<Duration> timeout =
                parameter.apply("timeout").map(ConfigLoader::duration).orElse(WAIT_DEFAULT);
        if (name.isEmpty() || txid.isEmpty() || timeout.isEmpty()) {
            return done(HttpAnswer.error(
                    400,
                    name.isEmpty()
                            ? "db is missing"
                            : txid.isEmpty() ? "txid is missing or not hexadecimal" : "timeout is not a duration",
                    "ask for /wait?db=NAME&txid=HEX&timeout=5s"));
        }
        Optional<Mount> serving = mount.get();
        if (serving.isEmpty()) {
            return done(HttpAnswer.error(503, "the node is starting", "try again in a moment"));
        }
        Duration bound = timeout.get().compareTo(WAIT_MAX) < 0 ? timeout.get() : WAIT_MAX;
        CompletableFuture<Boolean> reached = waits.await(name.get(), txid.get(), bound);
        if (reached == null) {
            return done(HttpAnswer.error(
                    503, PositionWaits.WAITS_MAX + " requests wait already", "wait with fewer at a time"));
        }
        return reached.thenApply(there -> position(serving.get().databases(), name.get(), there));
    }

    private HttpAnswer position(DatabaseSet set, String name, boolean reached) {
        Map<String, Object> document = new LinkedHashMap<>();
        if (!reached) {
            document.put("error", name + " has not reached it in time");
            document.put("next", "ask again, or read on the primary; see 'ltxfs status' for the lag");
        }
        document.put("db", name);
        set.find(name).ifPresent(database -> {
            document.put("txid", StatusDocument.hex(database.position().txid()));
            document.put("checksum", StatusDocument.hex(database.position().checksum()));
        });
        return HttpAnswer.json(reached ? 200 : 504, document);
    }

    /** A TXID, or a position {@code TXID/checksum} as {@code X-pos} has it. */
    private static Optional<Long> txid(String text) {
        String digits = text.strip().replaceFirst("/[0-9A-Fa-f]{1,16}$", "");
        return digits.matches("[0-9A-Fa-f]{1,16}") ? Optional.of(Long.parseUnsignedLong(digits, 16)) : Optional.empty();
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
