package io.ltxfs.fusefs.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ltxfs.database.Database.WalTail;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares what is published with what SQLite itself publishes for the same frames. */
class WalIndexPublisherTest {
    private static final String MANY_ROWS =
            "insert into t select randomblob(300) from (with recursive n(i) as (select 1 union all select i+1 from n"
                    + " where i < %d) select i from n)";

    @TempDir
    Path directory;

    @Test
    void aSmallCommitIsPublishedAsSqliteDoes() throws Exception {
        compare(512, List.of("insert into t values (1)"), List.of("insert into t values (2)"));
    }

    @Test
    void commitsOverSeveralRegionsArePublishedAsSqliteDoes() throws Exception {
        // About 13,000 frames of 512 bytes: the first region has room for 4062, the others for 4096.
        compare(
                512,
                List.of(String.format(MANY_ROWS, 3000)),
                List.of(String.format(MANY_ROWS, 9000), "insert into t values (3)", "delete from t where rowid % 2"));
    }

    @Test
    void theFirstCommitOfNewWalIsPublished() throws Exception {
        compare(65536, List.of("pragma wal_checkpoint(truncate)"), List.of("insert into t values (2)"));
    }

    @Test
    void leftoversOfARolledBackWriterAreRemoved() throws Exception {
        String spilled = "pragma cache_size = 2; begin; " + String.format(MANY_ROWS, 3000) + "; rollback";
        Path before = run(1024, List.of("insert into t values (1)", spilled), List.of("insert into t values (2)"));
        byte[] published = publish(before, tail(directory.resolve("wal2")), WalIndexPublisher.Outcome.PUBLISHED);
        assertArrayEquals(
                visible(Files.readAllBytes(directory.resolve("shm2"))), visible(published), "the tables SQLite made");
    }

    @Test
    void aPublishedIndexIsLeftAsItIs() throws Exception {
        run(4096, List.of("insert into t values (1)"), List.of("insert into t values (2)"));
        Path after = directory.resolve("shm2");
        byte[] same = publish(after, tail(directory.resolve("wal2")), WalIndexPublisher.Outcome.PUBLISHED);
        assertArrayEquals(Files.readAllBytes(after), same);
    }

    @Test
    void anIndexOfAnotherWalIsLeft() throws Exception {
        Path before = run(4096, List.of("insert into t values (1)"), List.of("insert into t values (2)"));
        WalTail tail = tail(directory.resolve("wal2"));
        WalTail other = new WalTail(
                tail.mxFrame(),
                tail.pageSize(),
                tail.commit(),
                tail.salt1() + 7,
                tail.salt2(),
                tail.checksum1(),
                tail.checksum2(),
                tail.bigEndianChecksums(),
                tail.checkpointSequence(),
                tail.framePages());
        assertArrayEquals(
                Files.readAllBytes(before), publish(before, other, WalIndexPublisher.Outcome.LEFT), "nothing written");
    }

    @Test
    void aTornHeaderIsLeft() throws Exception {
        Path before = run(4096, List.of("insert into t values (1)"), List.of("insert into t values (2)"));
        byte[] torn = Files.readAllBytes(before);
        torn[60]++;
        Files.write(before, torn);
        assertArrayEquals(torn, publish(before, tail(directory.resolve("wal2")), WalIndexPublisher.Outcome.LEFT));
    }

    private void compare(int pageSize, List<String> first, List<String> then) throws Exception {
        Path before = run(pageSize, first, then);
        WalTail tail = tail(directory.resolve("wal2"));
        byte[] published = publish(before, tail, WalIndexPublisher.Outcome.PUBLISHED);
        byte[] expected = Files.readAllBytes(directory.resolve("shm2"));
        // One publication of several commits counts as one change.
        ByteBuffer header = ByteBuffer.wrap(expected).order(ByteOrder.nativeOrder());
        WalIndexLayout.Header last = WalIndexLayout.header(header, 0);
        WalIndexLayout.Header ours =
                WalIndexLayout.header(ByteBuffer.wrap(published).order(ByteOrder.nativeOrder()), 0);
        if (last == null || ours == null) {
            throw new AssertionError("no header");
        }
        assertEquals(
                last,
                new WalIndexLayout.Header(
                        last.change(),
                        ours.bigEndianChecksums(),
                        ours.pageSize(),
                        ours.mxFrame(),
                        ours.pages(),
                        ours.frameChecksum1(),
                        ours.frameChecksum2(),
                        ours.salt1(),
                        ours.salt2()));
        assertArrayEquals(visible(expected), visible(published), "the tables SQLite made");
    }

    /** Page numbers and slots. */
    private static byte[] visible(byte[] index) {
        return Arrays.copyOfRange(index, WalIndexLayout.PREFIX_BYTES, index.length);
    }

    /** @return the wal-index before {@code then}; after it, index and WAL are shm2 and wal2 */
    private Path run(int pageSize, List<String> first, List<String> then) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "sqlite3",
                "t.db",
                "pragma page_size = " + pageSize,
                "pragma journal_mode = wal",
                "pragma wal_autocheckpoint = 0",
                "create table t(x)"));
        command.addAll(first);
        command.add(".shell cp t.db-shm shm1");
        command.addAll(then);
        command.add(".shell cp t.db-shm shm2 && cp t.db-wal wal2");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
        return directory.resolve("shm1");
    }

    private static byte[] publish(Path shm, WalTail tail, WalIndexPublisher.Outcome expected) throws IOException {
        byte[][] content = {Files.readAllBytes(shm)};
        WalIndexPublisher.Outcome outcome = WalIndexPublisher.publish(
                new WalIndexPublisher.Index() {
                    @Override
                    public void read(ByteBuffer target, long offset) {
                        int from = (int) Math.min(offset, content[0].length);
                        target.put(content[0], from, Math.min(target.remaining(), content[0].length - from));
                    }

                    @Override
                    public void write(ByteBuffer source, long offset) {
                        assertEquals(0, offset % 8, "no torn slots");
                        int end = (int) offset + source.remaining();
                        content[0] = Arrays.copyOf(content[0], Math.max(end, content[0].length));
                        source.get(content[0], (int) offset, source.remaining());
                    }
                },
                tail);
        assertEquals(expected, outcome);
        return content[0];
    }

    /** Reads a WAL up to its last commit. */
    private static WalTail tail(Path wal) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(wal));
        int pageSize = bytes.getInt(8);
        int salt1 = bytes.getInt(16);
        int salt2 = bytes.getInt(20);
        List<Integer> pages = new ArrayList<>();
        int commitFrame = 0;
        int at = 32;
        int commitAt = 0;
        while (at + 24 + pageSize <= bytes.limit() && bytes.getInt(at + 8) == salt1) {
            pages.add(bytes.getInt(at));
            if (bytes.getInt(at + 4) != 0) {
                commitFrame = pages.size();
                commitAt = at;
            }
            at += 24 + pageSize;
        }
        return new WalTail(
                commitFrame,
                pageSize,
                bytes.getInt(commitAt + 4),
                salt1,
                salt2,
                bytes.getInt(commitAt + 16),
                bytes.getInt(commitAt + 20),
                (bytes.getInt(0) & 1) != 0,
                bytes.getInt(12),
                pages.subList(0, commitFrame).stream()
                        .mapToInt(Integer::intValue)
                        .toArray());
    }
}
