package io.ltxfs.archive.compact;

import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which databases' archives have something to do that no upload will bring up, and when: a small file for each, so that
 * it is done after a restart too. Hints: an old or lost one costs a look at the archive, or a late one. For use by many
 * threads, each database by one at a time.
 */
final class Agenda {
    private static final Logger LOG = LoggerFactory.getLogger(Agenda.class);
    private static final String SUFFIX = ".json";
    private static final int HASH_BYTES = 16;

    private final Path directory;

    Agenda(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
    }

    /** When each database's turn is, in milliseconds since the Unix epoch. */
    Map<String, Long> all() throws IOException {
        Map<String, Long> found = new HashMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path file : files) {
                try {
                    Map<String, Object> json = Json.readObject(Files.readString(file));
                    if (json.get("database") instanceof String name && json.get("dueMillis") instanceof Number due) {
                        found.put(name, due.longValue());
                    }
                } catch (IllegalArgumentException e) {
                    LOG.warn("passed over a damaged file: file={} reason=\"{}\"", file, e.getMessage());
                }
            }
        }
        return found;
    }

    void put(String database, long dueMillis) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("database", database);
        json.put("dueMillis", dueMillis);
        Path file = file(database);
        Path other = directory.resolve(file.getFileName() + ".tmp");
        Files.writeString(other, Json.writePretty(json));
        Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    void remove(String database) throws IOException {
        Files.deleteIfExists(file(database));
    }

    private Path file(String database) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(database.getBytes(StandardCharsets.UTF_8));
            return directory.resolve(HexFormat.of().formatHex(hash, 0, HASH_BYTES) + SUFFIX);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
