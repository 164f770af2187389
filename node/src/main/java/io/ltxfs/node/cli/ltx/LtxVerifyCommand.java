package io.ltxfs.node.cli.ltx;

import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Whether files are right. */
@Command(
        name = "verify",
        description = "Check LTX files whole: every rule of the format, every page, the checksums.",
        footer = {"", "Example: ltxfs ltx verify *.ltx"})
final class LtxVerifyCommand extends LtxTask {
    @Option(names = "--json", description = "Print one JSON document: an array with an object for each file.")
    boolean json;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "LTX files.")
    List<Path> files = new ArrayList<>();

    @Override
    int run(PrintWriter out) throws IOException {
        int code = ExitCode.DONE;
        int wrong = 0;
        List<Map<String, Object>> documents = new ArrayList<>();
        for (Path file : files) {
            try {
                LtxReader.verify(file);
                Map<String, Object> document = new LinkedHashMap<>();
                document.put("file", file.toString());
                document.put("ok", true);
                documents.add(document);
            } catch (IOException e) {
                code = worse(code, e);
                wrong++;
                Map<String, Object> document = LtxDocument.wrong(file, e);
                document.put("ok", false);
                documents.add(document);
                complain(file, e);
            }
        }
        if (json) {
            out.print(Json.writePretty(documents));
        } else {
            out.println(wrong == 0 ? "ok" : (files.size() - wrong) + " ok, " + wrong + " invalid");
        }
        return code;
    }

    /** The exit code with one more failure: wrong data is worse than a file that is not there. */
    static int worse(int code, IOException e) {
        if (e instanceof LtxFormatException || code == ExitCode.DATA_WRONG) {
            return ExitCode.DATA_WRONG;
        }
        return e instanceof NoSuchFileException && code != ExitCode.FAILED ? ExitCode.NOT_FOUND : ExitCode.FAILED;
    }
}
