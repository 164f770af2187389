package io.ltxfs.node.daemon;

import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The small file in the data directory by which commands find the running node. Only the node's own user can read it:
 * it holds the token that every HTTP call but health, status and metrics needs.
 *
 * @param pid the daemon's process
 * @param http host and port that commands speak to
 * @param token 64 hexadecimal digits, new with each start
 * @param mount where the databases appear
 * @param archive the URL of its archive; empty if it has none
 */
public record NodeFile(long pid, String http, String token, Path mount, String archive) {
    private static final String NAME = "node.json";

    /** Makes one with a new token. */
    static NodeFile create(long pid, String http, Path mount, String archive) {
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        return new NodeFile(pid, http, HexFormat.of().formatHex(random), mount, archive);
    }

    /**
     * Reads the file of a data directory.
     *
     * @return empty if there is none
     * @throws IOException if it cannot be read, or is none of ours
     */
    public static Optional<NodeFile> read(Path data) throws IOException {
        Path file = data.resolve(NAME);
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        try {
            Map<String, Object> object = Json.readObject(text);
            if (object.get("pid") instanceof Number pid
                    && object.get("http") instanceof String http
                    && object.get("token") instanceof String token
                    && object.get("mount") instanceof String mount
                    && object.get("archive") instanceof String archive) {
                return Optional.of(new NodeFile(pid.longValue(), http, token, Path.of(mount), archive));
            }
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is not a node file: " + e.getMessage(), e);
        }
        throw new IOException(file + " is not a node file: pid, http, token, mount or archive is missing");
    }

    /** Whether its process is alive. */
    public boolean isAlive() {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    /** Writes it, under another name first, for its owner's eyes only. */
    void write(Path data) throws IOException {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("pid", pid);
        object.put("http", http);
        object.put("token", token);
        object.put("mount", mount.toString());
        object.put("archive", archive);
        Path temporary = data.resolve(NAME + ".new");
        Files.deleteIfExists(temporary);
        var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (var channel = Files.newByteChannel(
                temporary, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), ownerOnly)) {
            channel.write(java.nio.ByteBuffer.wrap(Json.writePretty(object).getBytes(StandardCharsets.UTF_8)));
        }
        Files.move(temporary, data.resolve(NAME), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Removes the file of a data directory, if it is there. */
    static void remove(Path data) throws IOException {
        Files.deleteIfExists(data.resolve(NAME));
    }
}
