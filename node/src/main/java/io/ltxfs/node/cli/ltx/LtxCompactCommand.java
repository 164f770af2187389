package io.ltxfs.node.cli.ltx;

import io.ltxfs.ltx.LtxCompactor;
import io.ltxfs.ltx.LtxSummary;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Several files as one. */
@Command(
        name = "compact",
        description = "Join consecutive LTX files into one with the same effect.",
        footer = {"", "Example: ltxfs ltx compact -o joined.ltx 00000000000000*.ltx"})
final class LtxCompactCommand extends LtxTask {
    @Option(
            names = {"-o", "--output"},
            paramLabel = "OUT",
            required = true,
            description = "The LTX file to write.")
    Path output = Path.of("");

    @Option(names = "--no-checksum", description = "Leave the database checksums out.")
    boolean withoutChecksums;

    @Option(names = "--frames", description = "Store pages as Litestream 0.5.0 to 0.5.15 reads them.")
    boolean frames;

    @Option(names = "--gaps", description = "Allow transactions to be missing between two files.")
    boolean gaps;

    @Option(
            names = "--fill",
            description = "Write zeros for pages by which the database grew and which no file holds, instead of"
                    + " refusing.")
    boolean fill;

    @Option(names = "--force", description = "Overwrite OUT if it is there.")
    boolean force;

    @Option(names = "--json", description = "Describe the file written as one JSON document.")
    boolean json;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "LTX files, oldest first.")
    List<Path> files = new ArrayList<>();

    @Override
    int run(PrintWriter out) throws IOException {
        checkOutput(output, force);
        LtxCompactor.Options options = new LtxCompactor.Options(
                frames ? PageCoding.FRAME : PageCoding.BLOCK,
                !withoutChecksums,
                gaps,
                fill ? LtxCompactor.Growth.ZERO_MISSING : LtxCompactor.Growth.REFUSE_MISSING);
        LtxSummary summary = LtxCompactor.compact(files, output, options);
        if (json) {
            out.print(Json.writePretty(LtxDocument.of(output, summary)));
        }
        return ExitCode.DONE;
    }
}
