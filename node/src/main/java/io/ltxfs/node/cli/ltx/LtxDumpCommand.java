package io.ltxfs.node.cli.ltx;

import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.LtxSummary;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Everything in one file. */
@Command(
        name = "dump",
        description = "Show one LTX file: header, page frames with their place, trailer. What is right is shown"
                + " even if what follows is not.",
        footer = {"", "Example: ltxfs ltx dump 0000000000000001-0000000000000001.ltx --data"})
final class LtxDumpCommand extends LtxTask {
    private static final int ROW_BYTES = 16;

    @Option(names = "--json", description = "Print one JSON document.")
    boolean json;

    @Option(names = "--data", description = "Show the pages' bytes too.")
    boolean data;

    @Parameters(paramLabel = "FILE", description = "An LTX file.")
    Path file = Path.of("");

    @Override
    int run(PrintWriter out) throws IOException {
        Map<String, Object> document = new LinkedHashMap<>();
        try {
            LtxHeader header = readHeader();
            document.putAll(LtxDocument.of(file, header));
            if (!json) {
                printHeader(header, out);
            }
            read(document, out);
        } catch (LtxFormatException e) {
            if (json) {
                document.putIfAbsent("file", file.toString());
                out.print(Json.writePretty(LtxDocument.withError(document, e)));
                complain(file, e);
                return ExitCode.DATA_WRONG;
            }
            throw e.in(file.toString());
        }
        if (json) {
            out.print(Json.writePretty(document));
        }
        return ExitCode.DONE;
    }

    private LtxHeader readHeader() throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return LtxHeader.parse(in.readNBytes(LtxHeader.SIZE));
        }
    }

    private static void printHeader(LtxHeader header, PrintWriter out) {
        Map<String, Object> fields = LtxDocument.of(Path.of(""), header);
        fields.remove("file");
        out.println("header");
        fields.forEach((name, value) -> out.printf("  %-18s %s%n", name, value));
        out.flush();
    }

    private void read(Map<String, Object> document, PrintWriter out) throws IOException {
        List<Map<String, Object>> frames = new ArrayList<>();
        if (json) {
            document.put("frames", frames);
        } else {
            out.println("pages");
        }
        LtxSummary summary;
        try (LtxReader reader = LtxReader.open(file)) {
            byte[] page = new byte[reader.header().pageSize()];
            long at = reader.offset();
            for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
                long size = reader.offset() - at;
                if (json) {
                    Map<String, Object> frame = new LinkedHashMap<>();
                    frame.put("pgno", Integer.toUnsignedLong(pgno));
                    frame.put("offset", at);
                    frame.put("size", size);
                    frames.add(frame);
                } else {
                    out.printf("  page %s at byte %d, %d bytes%n", Integer.toUnsignedString(pgno), at, size);
                    if (data) {
                        printPage(page, out);
                    }
                }
                at = reader.offset();
            }
            summary = reader.finish();
        }
        Map<String, Object> whole = LtxDocument.of(file, summary);
        if (json) {
            whole.forEach(document::putIfAbsent);
        } else {
            out.println("trailer");
            for (String name : List.of("generation", "pages", "postApplyChecksum", "fileChecksum", "size")) {
                out.printf("  %-18s %s%n", name, whole.get(name));
            }
        }
    }

    /** Sixteen bytes a row; rows that repeat the one before are left out. */
    private static void printPage(byte[] page, PrintWriter out) {
        boolean repeats = false;
        for (int at = 0; at < page.length; at += ROW_BYTES) {
            boolean same = at > 0 && Arrays.equals(page, at, at + ROW_BYTES, page, at - ROW_BYTES, at);
            if (!same) {
                StringBuilder row = new StringBuilder(String.format("    %05x ", at));
                StringBuilder text = new StringBuilder();
                for (int i = at; i < at + ROW_BYTES; i++) {
                    row.append(String.format(" %02x", page[i]));
                    text.append(page[i] >= ' ' && page[i] < 0x7f ? (char) page[i] : '.');
                }
                out.println(row.append("  |").append(text).append('|'));
            } else if (!repeats) {
                out.println("    *");
            }
            repeats = same;
        }
    }
}
