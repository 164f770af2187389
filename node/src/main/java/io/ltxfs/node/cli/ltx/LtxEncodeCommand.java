package io.ltxfs.node.cli.ltx;

import io.ltxfs.ltx.LtxEncoder;
import io.ltxfs.ltx.LtxSummary;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.ltx.Txid;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** A database as a snapshot. */
@Command(
        name = "encode",
        description = "Make a snapshot of a database file that no program writes to.",
        footer = {"", "Example: ltxfs ltx encode app.db -o 0000000000000001-0000000000000001.ltx"})
final class LtxEncodeCommand extends LtxTask {
    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            required = true,
            description = "The LTX file to write.")
    Path output = Path.of("");

    @Option(
            names = "--txid",
            paramLabel = "N",
            description = "The last transaction it stands for, 1 to 16 hexadecimal digits (default: 1).")
    String txid = "1";

    @Option(names = "--no-checksum", description = "Leave the database checksum out, as Litestream does.")
    boolean withoutChecksums;

    @Option(names = "--frames", description = "Store pages as Litestream 0.5.0 to 0.5.15 reads them.")
    boolean frames;

    @Option(names = "--force", description = "Overwrite FILE if it is there.")
    boolean force;

    @Option(names = "--json", description = "Describe the file written as one JSON document.")
    boolean json;

    @Parameters(paramLabel = "DB", description = "The database file.")
    Path database = Path.of("");

    @Override
    int run(PrintWriter out) throws IOException {
        checkOutput(output, force);
        DatabaseFile.checkAlone(database);
        LtxEncoder.Options options = new LtxEncoder.Options(
                parseTxid(),
                System.currentTimeMillis(),
                !withoutChecksums,
                frames ? PageCoding.FRAME : PageCoding.BLOCK);
        LtxSummary summary = LtxEncoder.encode(database, output, options);
        if (json) {
            out.print(Json.writePretty(LtxDocument.of(output, summary)));
        }
        return ExitCode.DONE;
    }

    private long parseTxid() {
        try {
            long parsed = Txid.parseShort(txid);
            if (parsed != 0) {
                return parsed;
            }
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--txid: " + e.getMessage());
        }
        throw new ParameterException(spec.commandLine(), "--txid: transactions are counted from 1");
    }
}
