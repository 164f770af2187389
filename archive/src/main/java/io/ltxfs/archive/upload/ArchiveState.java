package io.ltxfs.archive.upload;

import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node knows of its archive without asking it, in small files below its data directory: one for each database,
 * and one for where it was in the log. Only the lineage must not be lost; the rest are hints, which may be old.
 *
 * <p>For use by many threads, each database by one at a time.
 */
public final class ArchiveState {
    /** Below the data directory. */
    public static final String DIRECTORY = "archive-state";

    private static final Logger LOG = LoggerFactory.getLogger(ArchiveState.class);
    private static final String FOLLOWER = "follower.json";
    private static final String PREFIX = "db-";

    private final Path directory;

    /**
     * What is known of a database's archive.
     *
     * @param database its name
     * @param archive where the archive is, as people write it: what is known counts only there
     * @param lineage the history that this node continues; empty if the archive has none (Litestream wrote it)
     * @param newestMin the first transaction of the newest object of level 0, or an earlier one (unsigned)
     * @param txid the last transaction that the archive is known to have (unsigned); 0 for none
     * @param checksum the LTX database checksum after it; 0 if it is not known
     */
    public record Known(String database, String archive, String lineage, long newestMin, long txid, long checksum) {}

    /**
     * Where the follower of the log was.
     *
     * @param lsn everything before it is in the archive
     * @param sinceMillis since when this node archives
     */
    record Progress(long lsn, long sinceMillis) {}

    /** The state in a data directory. */
    public ArchiveState(Path dataDirectory) throws IOException {
        this.directory = Files.createDirectories(dataDirectory.resolve(DIRECTORY));
    }

    /** All that is known, in no order. A file that cannot be read is as good as none. */
    public List<Known> all() throws IOException {
        List<Known> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, PREFIX + "*.json")) {
            for (Path file : files) {
                read(file).ifPresent(found::add);
            }
        }
        return found;
    }

    /** What is known of one database. */
    public Optional<Known> of(String database) throws IOException {
        return read(file(database));
    }

    private static Optional<Known> read(Path file) throws IOException {
        try {
            Map<String, Object> json = Json.readObject(Files.readString(file));
            return Optional.of(new Known(
                    text(json, "database"),
                    text(json, "archive"),
                    text(json, "lineage"),
                    Txid.parse(text(json, "newestMin")),
                    Txid.parse(text(json, "txid")),
                    PageChecksum.parse(text(json, "checksum"))));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            LOG.warn("passed over a damaged file: file={} reason=\"{}\"", file, e.getMessage());
            return Optional.empty();
        }
    }

    private static String text(Map<String, Object> json, String key) {
        return json.get(key) instanceof String text ? text : "";
    }

    /**
     * Writes what is known of a database. The file is replaced whole.
     *
     * @param durable whether it must survive a power cut
     */
    public void save(Known known, boolean durable) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("database", known.database());
        json.put("archive", known.archive());
        json.put("lineage", known.lineage());
        json.put("newestMin", Txid.format(known.newestMin()));
        json.put("txid", Txid.format(known.txid()));
        json.put("checksum", PageChecksum.format(known.checksum()));
        write(file(known.database()), Json.writePretty(json), durable);
    }

    /** Forgets a database: the next upload begins a new lineage, or is refused if the archive has one. */
    public void forget(String database) throws IOException {
        Files.deleteIfExists(file(database));
        syncDirectory();
    }

    Optional<Progress> progress() throws IOException {
        try {
            Map<String, Object> json = Json.readObject(Files.readString(directory.resolve(FOLLOWER)));
            return json.get("lsn") instanceof Number lsn && json.get("sinceMillis") instanceof Number since
                    ? Optional.of(new Progress(lsn.longValue(), since.longValue()))
                    : Optional.empty();
        } catch (NoSuchFileException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    void saveProgress(Progress progress) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("lsn", progress.lsn());
        json.put("sinceMillis", progress.sinceMillis());
        write(directory.resolve(FOLLOWER), Json.writePretty(json), false);
    }

    private void write(Path file, String text, boolean durable) throws IOException {
        Path other = directory.resolve(file.getFileName() + ".tmp");
        try (FileChannel channel = FileChannel.open(
                other, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (durable) {
                channel.force(true);
            }
        }
        Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        if (durable) {
            syncDirectory();
        }
    }

    private void syncDirectory() throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Names may be longer than a file name can be, and have directories in them: the file has their hash. */
    private Path file(String database) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(database.getBytes(StandardCharsets.UTF_8));
            return directory.resolve(PREFIX + HexFormat.of().formatHex(hash, 0, 16) + ".json");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
