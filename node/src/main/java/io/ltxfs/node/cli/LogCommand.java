package io.ltxfs.node.cli;

import io.ltxfs.database.TransactionSummary;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.daemon.LogDocument;
import io.ltxfs.node.daemon.NodeException;
import io.ltxfs.node.daemon.StoppedNode;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows a database's transactions, from the running node or from the data directory. */
@Command(
        name = "log",
        description = "Show the transactions of a database that the node keeps, oldest first.",
        footer = {"", "Example: ltxfs log app.db --json"})
final class LogCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    NodeOptions node = new NodeOptions();

    @Option(names = "--json", description = "Print one JSON document: an array with an object for each transaction.")
    boolean json;

    @Parameters(paramLabel = "DB", description = "The database's name below the mount.")
    String database = "";

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        LtxfsConfig config = node.load().config();
        Optional<NodeClient> running = NodeClient.find(config);
        String name = DatabaseName.of(database, running.map(NodeClient::mount).orElse(config.mount()));
        String document = running.isPresent()
                ? running.get().getText("log " + name, "/log?db=" + NodeClient.encode(name))
                : Json.writePretty(fromDirectory(config, name));
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.print(document);
        } else {
            print(Json.array(Json.readObject("{\"log\": " + document + "}").get("log")), out);
        }
        out.flush();
        return ExitCode.DONE;
    }

    private static List<Map<String, Object>> fromDirectory(LtxfsConfig config, String name) throws IOException {
        try (StoppedNode stopped = StoppedNode.open(config.data())) {
            List<TransactionSummary> history = stopped.databases().history(name);
            if (history.isEmpty() && stopped.databases().find(name).isEmpty()) {
                throw DatabaseName.unknown("log", name, config);
            }
            return LogDocument.of(history);
        } catch (NodeException e) {
            throw new CliException(ExitCode.FAILED, "log " + name, "no node runs", e.getMessage(), e);
        }
    }

    private static void print(List<Object> transactions, PrintWriter out) {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"TXID", "TIME", "PAGES", "COMMIT", "PRE-APPLY", "POST-APPLY", "EPOCH"});
        for (Object each : transactions) {
            Map<String, Object> entry = Json.object(each);
            rows.add(new String[] {
                String.valueOf(entry.get("txid")),
                String.valueOf(entry.get("time")),
                String.valueOf(entry.get("pages")),
                String.valueOf(entry.get("commit")),
                String.valueOf(entry.get("preApplyChecksum")),
                String.valueOf(entry.get("postApplyChecksum")),
                String.valueOf(entry.get("epoch")),
            });
        }
        Table.print(rows, out);
    }
}
