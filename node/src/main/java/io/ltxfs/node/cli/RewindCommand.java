package io.ltxfs.node.cli;

import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.archive.restore.RestoreResult;
import io.ltxfs.ltx.Txid;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Undoes in place: an earlier state of a database becomes its newest transaction. The state comes from the running
 * node's log or from the archive, and goes in through the mount as {@code import} does it.
 */
@Command(
        name = "rewind",
        description =
                "Undo in place, on the running node: an earlier state of a database becomes its newest transaction."
                        + " What was there stays in history. Apps that have it open see it before or after.",
        footer = {
            "",
            "Examples:",
            "  ltxfs rewind app.db --timestamp '5m ago'",
            "  ltxfs rewind app.db --txid 2a",
        })
final class RewindCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    ArchiveSource source = new ArchiveSource();

    @Mixin
    Report report = new Report();

    @Option(names = "--txid", paramLabel = "N", description = "To the state after this transaction, hexadecimal.")
    @Nullable
    String txid;

    @Option(
            names = "--timestamp",
            paramLabel = "T",
            description = "To the state at this moment: RFC 3339 with a zone, or '2h ago'.")
    @Nullable
    String timestamp;

    @Parameters(paramLabel = "DB", description = "The database's name below the mount.")
    String database = "";

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    /** A transaction that was found, and where. */
    private record Found(long txid, Optional<Instant> time, String from) {}

    @Override
    public Integer call() throws IOException {
        if ((txid == null) == (timestamp == null)) {
            throw new ParameterException(spec.commandLine(), "name one of --txid and --timestamp");
        }
        RestoreTarget target = txid != null
                ? new RestoreTarget.AtTxid(ExportCommand.txid(txid))
                : new RestoreTarget.AtTime(MomentText.parse("--timestamp", String.valueOf(timestamp), Instant.now()));
        LtxfsConfig config = source.config();
        NodeClient node = NodeClient.require(config, "rewind");
        String name = DatabaseName.of(database, node.mount());
        String what = "rewind " + name;
        node.requirePrimary(what);
        History history = History.of(node, name);
        long before = history.lastTxid();
        if (target instanceof RestoreTarget.AtTxid at && at.txid() == before && !history.isDropped()) {
            return say(name, new Found(before, history.timeOf(before), "log"), before, before);
        }
        try (TemporaryDirectory directory = TemporaryDirectory.in(config.data())) {
            Path file = directory.file("state.db");
            Found found = fetch(config, node, name, history, target, file, what);
            if (found.txid() == before && !history.isDropped()) {
                return say(name, found, before, before);
            }
            Path there = node.mount().resolve(name);
            boolean isNew = !Files.exists(there);
            if (there.getParent() != null) {
                Files.createDirectories(there.getParent());
            }
            SqliteFiles.copyInto(file, there, what);
            if (isNew) {
                for (String attribute : new String[] {"unix:mode", "unix:uid", "unix:gid"}) {
                    Files.setAttribute(there, attribute, Files.getAttribute(file, attribute));
                }
            }
            return say(name, found, before, History.of(node, name).lastTxid());
        }
    }

    private Found fetch(
            LtxfsConfig config,
            NodeClient node,
            String name,
            History history,
            RestoreTarget target,
            Path file,
            String what)
            throws IOException {
        Optional<Long> wanted = target instanceof RestoreTarget.AtTxid at
                ? Optional.of(at.txid())
                : history.at(((RestoreTarget.AtTime) target).time());
        CliException notInLog;
        if (wanted.isPresent()) {
            if (history.isDrop(wanted.get())) {
                throw new CliException(
                        ExitCode.NOT_FOUND,
                        what,
                        "it was dropped by " + EarlierState.text(wanted.get(), history.timeOf(wanted.get())),
                        "name an earlier moment, or remove it with rm");
            }
            String query = "/export?db=" + NodeClient.encode(name) + "&txid=" + Txid.format(wanted.get());
            try (InputStream in = node.get(what, query)) {
                Files.copy(in, file);
                return new Found(wanted.get(), history.timeOf(wanted.get()), "log");
            } catch (CliException e) {
                if (!EarlierState.isMissing(e)) {
                    throw e;
                }
                notInLog = e;
            }
        } else {
            notInLog = new CliException(
                    ExitCode.NOT_FOUND, what, "the transaction log begins after that moment", "ask for a later one");
        }
        RestoreTarget exact =
                wanted.<RestoreTarget>map(RestoreTarget.AtTxid::new).orElse(target);
        RestoreResult result =
                EarlierState.fromArchive(config, source.url(config, node), name, exact, file, what, notInLog);
        return new Found(result.txid(), result.time(), "archive");
    }

    private int say(String name, Found found, long before, long after) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("database", name);
        document.put("from", Txid.format(before));
        document.put("to", Txid.format(found.txid()));
        document.put("time", found.time().map(Instant::toString).orElse(null));
        document.put("source", found.from());
        document.put("txid", Txid.format(after));
        report.print(document, out -> {
            if (after == before) {
                out.println(name + " is at " + EarlierState.text(found.txid(), found.time()) + " already");
            } else {
                out.println("rewound " + name + " from TXID " + Txid.format(before) + " to the state of "
                        + EarlierState.text(found.txid(), found.time()) + ", out of the " + found.from()
                        + ": that is transaction " + Txid.format(after));
                if (before != 0) {
                    out.println("what was there stays in history: 'ltxfs rewind " + name + " --txid "
                            + Long.toHexString(before) + "' brings it back");
                }
            }
        });
        return ExitCode.DONE;
    }

    /** What the node's log says of a database. */
    private record History(Map<Long, Instant> times, Map<Long, Boolean> drops) {
        static History of(NodeClient node, String name) {
            Map<Long, Instant> times = new LinkedHashMap<>();
            Map<Long, Boolean> drops = new LinkedHashMap<>();
            try {
                String log = node.getText("rewind " + name, "/log?db=" + NodeClient.encode(name));
                for (Object each :
                        Json.array(Json.readObject("{\"log\": " + log + "}").get("log"))) {
                    Map<String, Object> entry = Json.object(each);
                    long txid = Txid.parse(String.valueOf(entry.get("txid")));
                    times.put(txid, Instant.parse(String.valueOf(entry.get("time"))));
                    drops.put(txid, entry.get("commit") instanceof Number commit && commit.longValue() == 0);
                }
            } catch (CliException e) {
                if (!EarlierState.isMissing(e)) {
                    throw e;
                }
            }
            return new History(times, drops);
        }

        /** The last transaction at or before a moment; empty if the log begins later. */
        Optional<Long> at(Instant moment) {
            Optional<Long> found = Optional.empty();
            for (Map.Entry<Long, Instant> entry : times.entrySet()) {
                if (entry.getValue().isAfter(moment)) {
                    break;
                }
                found = Optional.of(entry.getKey());
            }
            return found;
        }

        long lastTxid() {
            long last = 0;
            for (long txid : times.keySet()) {
                last = txid;
            }
            return last;
        }

        boolean isDropped() {
            return isDrop(lastTxid());
        }

        boolean isDrop(long txid) {
            return drops.getOrDefault(txid, false);
        }

        Optional<Instant> timeOf(long txid) {
            return Optional.ofNullable(times.get(txid));
        }
    }
}
