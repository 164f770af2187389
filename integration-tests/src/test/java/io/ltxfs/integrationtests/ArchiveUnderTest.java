package io.ltxfs.integrationtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.archive.restore.RestoreListener;
import io.ltxfs.archive.restore.RestoreResult;
import io.ltxfs.archive.restore.Restorer;
import io.ltxfs.archive.verify.ArchiveVerifier;
import io.ltxfs.archive.verify.VerifyOptions;
import io.ltxfs.archive.verify.VerifyProgress;
import io.ltxfs.archive.verify.VerifyReport;
import io.ltxfs.integrationtests.Programs.Output;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.ObjectStores;
import io.ltxfs.objectstore.s3.S3Store;
import io.ltxfs.objectstore.s3.S3Url;
import io.ltxfs.objectstore.tools.S3Server;
import io.ltxfs.objectstore.tools.Tools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** An archive, read as anybody can: by restores in this process, and by the real Litestream. */
final class ArchiveUnderTest implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(120);

    private final String url;
    private final Path scratch;
    private final Archive archive;
    private final Restorer restorer;
    private int number;

    private ArchiveUnderTest(String url, Path scratch, Archive archive) {
        this.url = url;
        this.scratch = scratch;
        this.archive = archive;
        this.restorer = new Restorer(archive);
    }

    /** The archive at a URL. @param scratch where restored files go */
    static ArchiveUnderTest at(String url, Path scratch) {
        return new ArchiveUnderTest(url, scratch, new Archive(ObjectStores.open(url), ArchiveLayout.of(url)));
    }

    /** The archive at a URL of an S3 server. */
    static ArchiveUnderTest over(String url, Path scratch) {
        ObjectStore store = S3Store.open(S3Url.parse(url), S3Server.credentials());
        return new ArchiveUnderTest(url, scratch, new Archive(store, ArchiveLayout.of(url)));
    }

    /** A node's archive in its default place. */
    static ArchiveUnderTest of(NodeUnderTest node) {
        return at(node.data().resolve("archive").toString(), node.scratch());
    }

    /** A transaction as the node's log has it. */
    record Transaction(long txid, Instant time, String checksum) {}

    /** A database's transactions, oldest first. */
    static List<Transaction> transactions(NodeUnderTest node, String database) {
        List<Transaction> found = new ArrayList<>();
        for (Object each : node.history(database)) {
            Map<?, ?> entry = (Map<?, ?>) Objects.requireNonNull(each);
            found.add(new Transaction(
                    Txid.parse((String) entry.get("txid")), Instant.parse((String) entry.get("time")), (String)
                            entry.get("postApplyChecksum")));
        }
        return found;
    }

    /** Waits until the archive has all that a database has. */
    static void awaitArchived(NodeUnderTest node, String database) {
        await(database + " to be archived")
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(() -> {
                    Map<?, ?> status = node.status(database);
                    Map<?, ?> has = (Map<?, ?>) Objects.requireNonNull(status.get("archive"));
                    assertEquals(status.get("txid"), has.get("txid"), () -> node.status() + "\n" + node.log());
                    assertEquals(0, has.get("pending"));
                });
    }

    /** Up to which transaction the archive has a database, which is to be in it. */
    static long archived(NodeUnderTest node, String database) {
        Map<?, ?> has = (Map<?, ?>) Objects.requireNonNull(node.status(database).get("archive"));
        return Txid.parse((String) Objects.requireNonNull(has.get("txid")));
    }

    /** Waits until the archive has something of a database. */
    static void awaitSome(NodeUnderTest node, String database) {
        await(database + " to be in the archive")
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> ((Map<?, ?>) Objects.requireNonNull(
                                        node.status(database).get("archive")))
                                .get("txid")
                        != null);
    }

    /** A restored file, which the next restore does not touch. */
    record Restored(Path file, RestoreResult result) {
        byte[] bytes() {
            try {
                return Files.readAllBytes(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    Restored restore(String database, RestoreTarget target) throws IOException {
        Path file = scratch.resolve("restored-" + number++);
        RestoreResult result =
                restorer.restore(archive.database(database), target, false, file, false, RestoreListener.NONE);
        return new Restored(file, result);
    }

    /** Restores one transaction and compares with what the node's log makes of it. */
    void check(NodeUnderTest node, String database, long txid) throws IOException {
        Restored restored = restore(database, new RestoreTarget.AtTxid(txid));
        assertEquals(txid, restored.result().txid());
        assertArrayEquals(
                node.export(database, Txid.format(txid)),
                restored.bytes(),
                () -> database + " " + Txid.format(txid) + ": restored " + restored.result());
        Files.delete(restored.file());
    }

    /** Reads every object and expects that all is well. */
    void verify(String database) throws IOException, InterruptedException {
        VerifyReport report =
                ArchiveVerifier.verify(archive.database(database), VerifyOptions.full(2), VerifyProgress.NONE);
        assertEquals(List.of(), report.problems());
    }

    /** A database's place as Litestream's commands take it. */
    String litestreamUrl(String database) {
        return url.startsWith("s3:")
                ? url.replaceFirst("\\?", "/" + database + "?").replace("path-style=", "forcePathStyle=")
                : "file://" + url + "/" + database;
    }

    /** {@code litestream restore} into a new file. */
    Path litestreamRestore(Tools litestream, String database, Map<String, String> environment, String... options)
            throws IOException, InterruptedException {
        Path file = scratch.resolve("litestream-" + number++);
        List<String> command = new ArrayList<>(List.of("env", "-u", "AWS_CA_BUNDLE"));
        command.addAll(List.of(litestream.path().toString(), "restore", "-o", file.toString()));
        command.addAll(List.of(options));
        command.add(litestreamUrl(database));
        Output output = Programs.run(LIMIT, environment, command);
        assertEquals(0, output.exitCode(), () -> String.join(" ", command) + "\n" + output.out() + output.err());
        return file;
    }

    /** The database checksum of a file, computed without our code. */
    static String checksum(Path file) {
        String script = "import sys; sys.path.insert(0, sys.argv[1]); import ltx_checksum as l;"
                + "b = open(sys.argv[2], 'rb').read(); print('%016x' % l.DatabaseChecksum().of(b))";
        Output output = Programs.run(
                LIMIT, "python3", "-c", script, Programs.pythonProgram("").toString(), file.toString());
        return output.orFail();
    }

    /** A file's bytes. */
    static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** sqlite3 on a plain file. */
    static String query(Path file, String sql) {
        return Programs.run(LIMIT, "sqlite3", file.toString(), sql).orFail();
    }

    static String text(Path file) {
        return new String(read(file), UTF_8);
    }

    @Override
    public void close() {
        restorer.close();
        archive.close();
    }
}
