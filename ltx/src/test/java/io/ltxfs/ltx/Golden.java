package io.ltxfs.ltx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** The files that the reference implementation wrote, and what it says of them. */
final class Golden {
    /** What the reference wrote and what it wrote it from. */
    static final Path DIR = resource("golden");

    /** Files made by hand, with every byte explained. */
    static final Path EXAMPLES = resource("examples");

    /** Malformed files. */
    static final Path INVALID = DIR.resolve("invalid");

    /**
     * A row of the table of malformed files.
     *
     * @param verdict what a strict reader says: {@code ok} or the error's name
     * @param offset the byte that the error must name, -1 for none
     */
    record Case(String name, String verdict, long offset) {
        Path file() {
            return INVALID.resolve(name + ".ltx");
        }

        @Override
        public String toString() {
            return name + " " + verdict;
        }
    }

    private Golden() {}

    /** All well-formed files below {@link #DIR}. */
    static List<Path> files() {
        return filesBelow(DIR).stream()
                .filter(file -> !file.startsWith(INVALID))
                .toList();
    }

    static List<Path> filesBelow(Path dir) {
        try (Stream<Path> files = Files.walk(dir)) {
            return files.filter(file -> file.toString().endsWith(".ltx"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The table of malformed files. */
    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        Map<String, Long> offsets = new HashMap<>();
        try {
            for (String line : Files.readAllLines(resource("invalid-offsets.txt"))) {
                offsets.put(line.split(" ")[0], Long.valueOf(line.split(" ")[1]));
            }
            for (String line : Files.readAllLines(INVALID.resolve("CASES.md"))) {
                String[] cells = line.split("\\|");
                if (cells.length == 5 && Files.exists(INVALID.resolve(cells[1].strip() + ".ltx"))) {
                    String name = cells[1].strip();
                    cases.add(new Case(name, cells[4].strip(), offsets.getOrDefault(name, -1L)));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return cases;
    }

    /** A database that the sqlite3 shell made, after so many transactions. */
    static Path state(String dir, int n) {
        return DIR.resolve(dir).resolve("state" + n + ".db");
    }

    static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path resource(String name) {
        try {
            return Path.of(
                    Objects.requireNonNull(Golden.class.getResource(name)).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
