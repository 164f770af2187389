package io.ltxfs.node.cli.ltx;

import io.ltxfs.ltx.DatabaseChecksum;
import io.ltxfs.ltx.DatabaseHeader;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.objectstore.json.Json;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The checksum that LTX gives a database. */
@Command(
        name = "checksum",
        description = "Print the LTX checksum of a database file, the one that X-pos shows. Only the file itself is"
                + " read, not its WAL.",
        footer = {"", "Example: ltxfs ltx checksum copy.db"})
final class LtxChecksumCommand extends LtxTask {
    private static final int BUFFER_BYTES = 1 << 16;

    @Option(names = "--json", description = "Print one JSON document.")
    boolean json;

    @Parameters(paramLabel = "DB", description = "The database file.")
    Path database = Path.of("");

    @Override
    int run(PrintWriter out) throws IOException {
        long size = Files.size(database);
        int pageSize = 0;
        long checksum = PageChecksum.EMPTY;
        if (size > 0) {
            pageSize = pageSize(size);
            checksum = checksum(pageSize);
        }
        String text = PageChecksum.format(checksum);
        if (json) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("file", database.toString());
            document.put("checksum", text);
            document.put("pageSize", pageSize);
            document.put("pages", pageSize == 0 ? 0 : size / pageSize);
            out.print(Json.writePretty(document));
        } else {
            out.println(text);
        }
        return ExitCode.DONE;
    }

    private int pageSize(long size) throws IOException {
        try (InputStream in = Files.newInputStream(database)) {
            return DatabaseHeader.parse(in.readNBytes(DatabaseHeader.SIZE), size)
                    .pageSize();
        } catch (LtxFormatException e) {
            throw e.in(database.toString());
        }
    }

    private long checksum(int pageSize) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(database), BUFFER_BYTES)) {
            return DatabaseChecksum.of(in, pageSize);
        } catch (LtxFormatException e) {
            throw e.in(database.toString());
        }
    }
}
