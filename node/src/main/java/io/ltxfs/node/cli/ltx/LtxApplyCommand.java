package io.ltxfs.node.cli.ltx;

import io.ltxfs.ltx.LtxApplier;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.ltx.Pos;
import io.ltxfs.ltx.Txid;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** LTX files onto a database. */
@Command(
        name = "apply",
        description = "Apply LTX files to a database file that no program has open, all of them or none. The database"
                + " is made if it is not there.",
        footer = {"", "Example: ltxfs ltx apply --db copy.db 00000000000000*.ltx"})
final class LtxApplyCommand extends LtxTask {
    @Option(names = "--db", paramLabel = "DB", required = true, description = "The database file.")
    Path database = Path.of("");

    @Option(names = "--json", description = "Print the position reached as one JSON document.")
    boolean json;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "LTX files, oldest first.")
    List<Path> files = new ArrayList<>();

    @Override
    int run(PrintWriter out) throws IOException {
        DatabaseFile.checkAlone(database);
        Pos pos = LtxApplier.apply(database, files);
        if (json) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("txid", Txid.format(pos.txid()));
            document.put("checksum", PageChecksum.format(pos.checksum()));
            out.print(Json.writePretty(document));
        } else {
            out.println(pos);
        }
        return ExitCode.DONE;
    }
}
