package io.ltxfs.node.cli.ltx;

import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.LtxSummary;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A row for each file. */
@Command(
        name = "list",
        description = "Check LTX files and list them, a row each.",
        footer = {"", "Example: ltxfs ltx list *.ltx"})
final class LtxListCommand extends LtxTask {
    private static final List<String> COLUMNS = List.of(
            "minTxid",
            "maxTxid",
            "commit",
            "pages",
            "preApplyChecksum",
            "postApplyChecksum",
            "timestamp",
            "size",
            "file");
    private static final String ROW = "%-16s  %-16s  %8s  %8s  %-16s  %-16s  %-24s  %10s  %s%n";

    @Option(names = "--json", description = "Print one JSON document: an array with an object for each file.")
    boolean json;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "LTX files.")
    List<Path> files = new ArrayList<>();

    @Override
    int run(PrintWriter out) throws IOException {
        int code = ExitCode.DONE;
        List<Map<String, Object>> documents = new ArrayList<>();
        if (!json) {
            out.printf(
                    ROW, "MIN TXID", "MAX TXID", "COMMIT", "PAGES", "PRE-APPLY", "POST-APPLY", "TIME", "BYTES", "FILE");
        }
        for (Path file : files) {
            try {
                LtxSummary summary = LtxReader.verify(file);
                Map<String, Object> document = LtxDocument.of(file, summary);
                documents.add(document);
                if (!json) {
                    out.printf(ROW, COLUMNS.stream().map(document::get).toArray());
                }
            } catch (IOException e) {
                code = LtxVerifyCommand.worse(code, e);
                documents.add(LtxDocument.wrong(file, e));
                complain(file, e);
            }
        }
        if (json) {
            out.print(Json.writePretty(documents));
        }
        return code;
    }
}
