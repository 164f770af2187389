package io.ltxfs.node.cli;

import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.objectstore.json.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows the running node: what is wrong first, then where everything is. */
@Command(
        name = "status",
        description = "Show the running node: what is wrong first and what to do about it, then its databases.",
        footer = {"", "Example: ltxfs status --json"})
final class StatusCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    NodeOptions node = new NodeOptions();

    @Mixin
    Report report = new Report();

    @Override
    public Integer call() {
        LtxfsConfig config = node.load().config();
        Map<String, Object> answer =
                Json.readObject(NodeClient.require(config, "status").getText("status", "/status"));
        report.print(answer, out -> print(answer, out));
        return ExitCode.DONE;
    }

    private static void print(Map<String, Object> status, PrintWriter out) {
        for (Object warning : Json.array(status.get("warnings"))) {
            out.println("! " + warning);
        }
        for (Object waiting : Json.array(status.get("waiting"))) {
            out.println("… " + waiting);
        }
        out.println("node      " + status.get("node") + " (pid " + status.get("pid") + "), " + status.get("role"));
        printCluster(status, out);
        out.println("mount     " + status.get("mount"));
        out.println("data      " + status.get("data"));
        out.println("archive   " + (status.get("archive") == null ? "none" : status.get("archive")));
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {
            "DATABASE", "TXID", "CHECKSUM", "SIZE", "JOURNAL", "LOG FROM", "ARCHIVE", "REPLICAS", "STATE"
        });
        for (Object each : Json.array(status.get("databases"))) {
            Map<String, Object> database = Json.object(each);
            rows.add(new String[] {
                text(database, "name"),
                text(database, "txid"),
                text(database, "checksum"),
                text(database, "pages") + " x " + text(database, "pageSize"),
                text(database, "journalMode"),
                String.valueOf(Json.object(database.get("log")).get("firstTxid")),
                archive(Json.object(database.get("archive"))),
                replicas(Json.array(database.get("replicas"))),
                text(database, "state"),
            });
        }
        if (rows.size() == 1) {
            out.println("databases none yet");
        } else {
            out.println();
            Table.print(rows, out);
        }
    }

    /** Lease, primary and peers; nothing of a node that is alone. */
    private static void printCluster(Map<String, Object> status, PrintWriter out) {
        if ("0".equals(text(status, "epoch")) && Json.array(status.get("peers")).isEmpty()) {
            return;
        }
        Object remaining = Json.object(status.get("lease")).get("remainingMillis");
        out.println("epoch     " + status.get("epoch")
                + (remaining instanceof Number millis
                        ? String.format(", lease for %.1f s", millis.longValue() / 1000.0)
                        : ""));
        Map<String, Object> primary = Json.object(status.get("primary"));
        if (primary.isEmpty()) {
            out.println("primary   none");
        } else if (!Objects.equals(primary.get("node"), status.get("node"))) {
            out.println("primary   " + primary.get("node") + " at " + primary.get("advertise") + ", this node "
                    + seconds(status.get("lagMillis")) + " behind");
        }
        for (Object each : Json.array(status.get("peers"))) {
            Map<String, Object> peer = Json.object(each);
            boolean reachable = Boolean.TRUE.equals(peer.get("reachable"));
            out.println("peer      " + peer.get("node") + " at " + peer.get("advertise") + ", " + peer.get("state")
                    + (Boolean.TRUE.equals(peer.get("voter")) ? ", acknowledges commits" : "")
                    + (reachable || peer.get("heardMillis") == null
                            ? ""
                            : ", last heard " + seconds(peer.get("heardMillis")) + " ago"));
        }
    }

    private static String seconds(@Nullable Object millis) {
        return millis instanceof Number number ? String.format("%.1f s", number.longValue() / 1000.0) : "?";
    }

    /** How far the replicas are behind, in a word each. */
    private static String replicas(List<Object> replicas) {
        if (replicas.isEmpty()) {
            return "-";
        }
        List<String> words = new ArrayList<>();
        for (Object each : replicas) {
            Map<String, Object> replica = Json.object(each);
            boolean level = replica.get("lagMillis") instanceof Number lag && lag.longValue() == 0;
            words.add(replica.get("node") + (level ? "" : " +" + seconds(replica.get("lagMillis"))));
        }
        return String.join(" ", words);
    }

    /** How far the archive of a database is behind, in transactions and seconds. */
    private static String archive(Map<String, Object> archive) {
        if (!(archive.get("pending") instanceof Number pending) || !(archive.get("ageMillis") instanceof Number age)) {
            return "-";
        }
        if (pending.longValue() == 0) {
            return "has all";
        }
        return String.format("%d behind, %.1f s", pending.longValue(), age.longValue() / 1000.0);
    }

    private static String text(Map<String, Object> object, String name) {
        return String.valueOf(object.get(name));
    }
}
