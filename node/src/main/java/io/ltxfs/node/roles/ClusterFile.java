package io.ltxfs.node.roles;

import io.ltxfs.node.cluster.ClusterMemory;
import io.ltxfs.node.cluster.Peer;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * {@code cluster.json} in the data directory: what a node must never forget of its cluster. A file that is damaged is
 * an error and never taken for a missing one: a node that forgot its promise could help two primaries.
 */
public final class ClusterFile {
    private static final String NAME = "cluster.json";
    private static final String SUM = "checksum";
    private static final int FORMAT = 1;
    private static final int BYTES_MAX = 1 << 20;

    private final Path file;

    /** The file of a data directory. */
    public ClusterFile(Path data) {
        this.file = data.resolve(NAME);
    }

    /**
     * Reads it.
     *
     * @return {@link ClusterMemory#NONE} if there is none
     * @throws IOException if it cannot be read, or is not what {@link #write} wrote
     */
    public ClusterMemory read() throws IOException {
        byte[] bytes;
        try {
            if (Files.size(file) > BYTES_MAX) {
                throw damaged("it has more than " + BYTES_MAX + " bytes");
            }
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return ClusterMemory.NONE;
        }
        Map<String, Object> fields;
        try {
            fields = new LinkedHashMap<>(Json.readObject(new String(bytes, StandardCharsets.UTF_8)));
        } catch (IllegalArgumentException e) {
            throw damaged("it is " + e.getMessage());
        }
        Object sum = fields.remove(SUM);
        Object format = fields.get("format");
        if (format instanceof Integer number && number > FORMAT) {
            throw new IOException(file + ": has format " + number + ", this version knows " + FORMAT
                    + "; run the version of ltxfs that wrote it");
        }
        if (!checksum(fields).equals(sum)) {
            throw damaged("its checksum is wrong");
        }
        List<Peer> peers = new ArrayList<>();
        Json.object(fields.get("peers"))
                .forEach((node, advertise) -> peers.add(new Peer(node, String.valueOf(advertise))));
        return new ClusterMemory(number(fields, "promised"), number(fields, "historyEpoch"), peers);
    }

    private long number(Map<String, Object> fields, String name) throws IOException {
        try {
            return Long.parseUnsignedLong(String.valueOf(fields.get(name)));
        } catch (NumberFormatException e) {
            throw damaged("'" + name + "' is no number");
        }
    }

    private IOException damaged(String why) {
        return new IOException(
                file + ": is damaged: " + why + "; move the whole data directory aside and start the node"
                        + " again: it gets everything from the cluster, or from the archive");
    }

    private static String checksum(Map<String, Object> fields) {
        CRC32C crc = new CRC32C();
        crc.update(Json.write(fields).getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", crc.getValue());
    }

    /** Writes it; it is durable, and survives a crash at any moment as the old or the new, when this returns. */
    public void write(ClusterMemory memory) throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("format", FORMAT);
        fields.put("promised", Long.toUnsignedString(memory.promised()));
        fields.put("historyEpoch", Long.toUnsignedString(memory.historyEpoch()));
        Map<String, String> peers = new TreeMap<>();
        memory.peers().forEach(peer -> peers.put(peer.node(), peer.advertise()));
        fields.put("peers", peers);
        fields.put(SUM, checksum(fields));
        Path temporary = file.resolveSibling(NAME + ".new");
        ByteBuffer bytes = ByteBuffer.wrap(Json.writePretty(fields).getBytes(StandardCharsets.UTF_8));
        try (FileChannel channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory = FileChannel.open(file.resolveSibling("."), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }
}
