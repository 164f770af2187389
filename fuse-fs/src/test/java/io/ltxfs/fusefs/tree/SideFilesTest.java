package io.ltxfs.fusefs.tree;

import static io.ltxfs.fusefs.tree.Client.errno;
import static io.ltxfs.fusefs.tree.TreeFixture.ROOT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.Database;
import io.ltxfs.database.Position;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.sqlite.WalLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files beside a database that are older than it, or outlive it. */
class SideFilesTest {
    private static final byte[] HELLO = "hello".getBytes(StandardCharsets.US_ASCII);
    private static final int PAGE = 512;

    @TempDir
    Path data;

    private TreeFixture fixture;
    private Client client;

    @BeforeEach
    void open() throws Exception {
        fixture = new TreeFixture(data);
        client = fixture.client;
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    /** A page 1 like {@link TreeFixture#firstPage}, of a database in WAL mode; changes with its counter. */
    private static byte[] walPage(int counter) {
        byte[] page = TreeFixture.firstPage();
        page[18] = 2;
        page[19] = 2;
        page[27] = (byte) counter;
        return page;
    }

    /** A WAL of commits of page 1. */
    private static byte[] wal(byte[]... commits) {
        byte[] wal = new byte[WalLayout.HEADER_SIZE + commits.length * (WalLayout.FRAME_HEADER_SIZE + PAGE)];
        ByteBuffer to = ByteBuffer.wrap(wal);
        to.putInt(WalLayout.MAGIC).putInt(WalLayout.FORMAT).putInt(PAGE).putInt(0);
        to.putLong(WalLayout.HEADER_SALT, 0x1234_5678_9abc_def0L);
        long sum = WalLayout.checksum(0, false, wal, 0, WalLayout.HEADER_CHECKSUM);
        to.putLong(WalLayout.HEADER_CHECKSUM, sum);
        for (int i = 0; i < commits.length; i++) {
            int at = (int) WalLayout.frameOffset(i + 1, PAGE);
            to.putInt(at + WalLayout.FRAME_PGNO, 1).putInt(at + WalLayout.FRAME_COMMIT, 1);
            to.putLong(at + WalLayout.FRAME_SALT, 0x1234_5678_9abc_def0L);
            to.put(at + WalLayout.FRAME_HEADER_SIZE, commits[i]);
            sum = WalLayout.checksum(sum, false, wal, at, WalLayout.FRAME_SALT);
            sum = WalLayout.checksum(sum, false, wal, at + WalLayout.FRAME_HEADER_SIZE, PAGE);
            to.putLong(at + WalLayout.FRAME_CHECKSUM, sum);
        }
        return wal;
    }

    /** As cp(1) makes it. @return its node */
    private long copy(String name, byte[] content) throws Client.Failed {
        Client.Opened file = client.create(ROOT, name);
        for (int at = 0; at < content.length; at += 128 << 10) {
            byte[] piece = Arrays.copyOfRange(content, at, Math.min(content.length, at + (128 << 10)));
            client.write(file.entry().node(), file.fh(), at, piece);
        }
        client.release(file.entry().node(), file.fh());
        return file.entry().node();
    }

    private byte[] content(String name) throws Client.Failed {
        long node = client.lookup(ROOT, name).node();
        long fh = client.open(node, OpenFlags.RDONLY);
        byte[] content = client.read(node, fh, 0, (int) client.getattr(node).size() + 1);
        client.release(node, fh);
        return content;
    }

    private Database database(String name) {
        return fixture.databases.find(name).orElseThrow();
    }

    private boolean inMirror(String name) {
        return Files.exists(fixture.files.resolve(name));
    }

    private long orphan(String name, byte[] content) throws Client.Failed {
        fixture.database("a.db");
        long node = copy(name, content);
        client.unlink(ROOT, "a.db");
        return node;
    }

    // ---- those that outlive it

    @Test
    void aSideFileOutlivesItsDatabase() throws Exception {
        fixture.database("a.db");
        Client.Opened shm = client.create(ROOT, "a.db-shm");
        copy("a.db-wal", HELLO);
        copy("a.db-journal", HELLO);
        client.unlink(ROOT, "a.db");
        assertEquals(List.of("a.db-journal", "a.db-shm", "a.db-wal"), client.list(ROOT));
        for (String name : List.of("a.db-journal", "a.db-wal", "a.db-shm")) {
            long node = client.lookup(ROOT, name).node();
            long fh = client.open(node, Client.RDWR);
            client.write(node, fh, 0, "HELLO, world".getBytes(StandardCharsets.US_ASCII));
            client.truncate(node, 7);
            client.release(node, fh);
            assertEquals("HELLO, ", new String(content(name), StandardCharsets.US_ASCII));
            assertEquals(1, client.getattr(node).nlink());
            assertEquals(Errno.EEXIST, errno(() -> client.create(ROOT, name)));
        }
        assertEquals("HELLO, ", client.text(shm.entry().node(), shm.fh()));
        for (String name : List.of("a.db-journal", "a.db-wal", "a.db-shm")) {
            client.unlink(ROOT, name);
            assertEquals(0, client.lookup(ROOT, name).node());
        }
        assertEquals("HELLO, ", client.text(shm.entry().node(), shm.fh()), "its handle goes on working");
        assertEquals(Errno.ESTALE, errno(() -> client.open(shm.entry().node(), Client.RDWR)));
        assertEquals(List.of(), client.list(ROOT));
    }

    @Test
    void whatOutlivedADatabaseAndSpilledIsFreedWithItsName() throws Exception {
        orphan("a.db-wal", new byte[3 << 20]);
        assertEquals(1, sideFiles());
        client.unlink(ROOT, "a.db-wal");
        assertEquals(0, sideFiles());
    }

    private long sideFiles() throws IOException {
        try (Stream<Path> files = Files.list(data.resolve("side"))) {
            return files.count();
        }
    }

    @Test
    void anEmptyFileOfItsNameLeavesWhatOutlivedADatabase() throws Exception {
        orphan("a.db-wal", HELLO);
        Client.Opened fresh = client.create(ROOT, "a.db");
        assertEquals(List.of("a.db", "a.db-wal"), client.list(ROOT));
        assertArrayEquals(HELLO, content("a.db-wal"));
        client.unlink(ROOT, "a.db-wal");
        client.write(fresh.entry().node(), fresh.fh(), 0, TreeFixture.firstPage());
        client.release(fresh.entry().node(), fresh.fh());
        assertEquals(List.of("a.db"), client.list(ROOT));
    }

    @Test
    void aNewDatabaseDoesNotInheritSideFiles() throws Exception {
        long old = orphan("a.db-wal", HELLO);
        fixture.database("a.db");
        assertEquals(List.of("a.db"), client.list(ROOT));
        Client.Opened fresh = client.create(ROOT, "a.db-wal");
        assertNotEquals(old, fresh.entry().node());
        assertNotEquals(client.getattr(old).ino(), fresh.entry().attr().ino());
    }

    @Test
    void aSideFileMakesTheOthersGoThatOutlivedAnEarlierDatabase() throws Exception {
        orphan("a.db-wal", HELLO);
        client.create(ROOT, "a.db");
        client.create(ROOT, "a.db-journal");
        assertEquals(List.of("a.db", "a.db-journal"), client.list(ROOT));
    }

    @Test
    void whatOutlivedADatabaseIsNotWrittenBesideAnotherFile() throws Exception {
        long old = orphan("a.db-wal", HELLO);
        client.create(ROOT, "a.db");
        assertArrayEquals(HELLO, content("a.db-wal"));
        assertEquals(Errno.ESTALE, errno(() -> client.open(old, Client.RDWR)));
        assertEquals(0, client.lookup(ROOT, "a.db-wal").node());
        client.create(ROOT, "a.db-wal");
        assertTrue(database("a.db").wal().isPresent());
    }

    @Test
    void whatOutlivedADatabaseIsRenamedAsAnyFile() throws Exception {
        long node = orphan("a.db-wal", HELLO);
        fixture.plain("there");
        client.rename(ROOT, "a.db-wal", ROOT, "there", 0);
        assertEquals(List.of("there"), client.list(ROOT));
        assertEquals(node, client.lookup(ROOT, "there").node());
        assertArrayEquals(HELLO, content("there"));
        assertArrayEquals(HELLO, Files.readAllBytes(fixture.files.resolve("there")), "it is kept");
        orphan("a.db-wal", HELLO);
        client.rename(ROOT, "there", ROOT, "a.db-wal", 0);
        assertEquals(List.of("a.db-wal"), client.list(ROOT));
        assertTrue(inMirror("a.db-wal"));
    }

    // ---- those that are older

    @Test
    void anOlderWalIsCapturedOnceItIsOpenedForWriting() throws Exception {
        byte[] wal = wal(walPage(2), walPage(3));
        long node = copy("a.db-wal", wal);
        long reader = client.open(node, OpenFlags.RDONLY);
        long writer = client.open(node, Client.RDWR);
        copy("a.db", walPage(1));
        client.release(node, client.open(node, OpenFlags.RDONLY));
        assertEquals(1, database("a.db").position().txid());
        assertTrue(database("a.db").wal().isEmpty() && inMirror("a.db-wal"), "nobody has written it");

        long fh = client.open(node, Client.RDWR);
        assertEquals(3, database("a.db").position().txid());
        assertFalse(inMirror("a.db-wal"));
        assertEquals(List.of("a.db", "a.db-wal"), client.list(ROOT));
        assertEquals(node, client.lookup(ROOT, "a.db-wal").node());
        assertArrayEquals(wal, client.read(node, reader, 0, 4096));
        assertEquals(wal.length, client.getattr(node).size());

        byte[] longer = wal(walPage(2), walPage(3), walPage(4), walPage(5));
        int frame = WalLayout.FRAME_HEADER_SIZE + PAGE;
        client.write(node, fh, wal.length, Arrays.copyOfRange(longer, wal.length, wal.length + frame));
        client.write(node, writer, wal.length + frame, Arrays.copyOfRange(longer, wal.length + frame, longer.length));
        assertEquals(5, database("a.db").position().txid());
        client.release(node, fh);
        client.release(node, writer);
        client.release(node, reader);
        client.forget(node, 1_000);
        assertArrayEquals(longer, content("a.db-wal"), "it has no backing file to be found again by");
        assertEquals(Errno.EBUSY, errno(() -> client.unlink(ROOT, "a.db-wal")), "as a WAL");
    }

    @Test
    void theOrderInWhichADatabaseAndItsWalComeMakesNoDifference() throws Exception {
        byte[] wal = wal(walPage(2), walPage(3));
        copy("a.db", walPage(1));
        client.release(
                copy("a.db-wal", wal),
                client.open(client.lookup(ROOT, "a.db-wal").node(), Client.RDWR));
        copy("b.db-wal", wal);
        copy("b.db", walPage(1));
        long node = client.lookup(ROOT, "b.db-wal").node();
        client.release(node, client.open(node, Client.RDWR));
        Position one = database("a.db").position();
        Position other = database("b.db").position();
        assertEquals(one, other);
        assertEquals(3, one.txid());
        assertEquals(
                database("a.db").walTail().orElseThrow().mxFrame(),
                database("b.db").walTail().orElseThrow().mxFrame());
    }

    @Test
    void anOlderJournalIsTheDatabases() throws Exception {
        byte[] journal = new byte[1024];
        ByteBuffer.wrap(journal).putLong(0xd9d505f920a163d7L);
        copy("a.db-journal", journal);
        fixture.database("a.db");
        long node = client.lookup(ROOT, "a.db-journal").node();
        long fh = client.open(node, Client.RDWR);
        assertTrue(database("a.db").isInTransaction());
        assertArrayEquals(journal, client.read(node, fh, 0, 4096));
        client.release(node, fh);
        client.unlink(ROOT, "a.db-journal");
        assertFalse(database("a.db").isInTransaction());
        assertEquals(List.of("a.db"), client.list(ROOT));
    }

    @Test
    void anOlderWalIndexIsTheDatabases() throws Exception {
        copy("a.db-shm", new byte[32 << 10]);
        fixture.database("a.db");
        Client.Opened shm = client.createOrOpen(ROOT, "a.db-shm");
        assertFalse(inMirror("a.db-shm"));
        assertTrue(database("a.db").shm().isPresent());
        client.write(shm.entry().node(), shm.fh(), 0, HELLO);
        assertEquals(32 << 10, client.getattr(shm.entry().node()).size());
    }

    @Test
    void aTextBesideATextIsNobodys() throws Exception {
        fixture.plain("meeting-journal");
        fixture.plain("meeting");
        long node = client.lookup(ROOT, "meeting-journal").node();
        client.release(node, client.open(node, Client.RDWR));
        assertTrue(inMirror("meeting-journal"));
        assertTrue(fixture.databases.all().isEmpty());
    }

    @Test
    void anOlderWalThatIsRefusedStaysAsItIs() throws Exception {
        byte[] wal = wal(walPage(2), walPage(3));
        long node = copy("a.db-wal", wal);
        copy("a.db", walPage(1));
        fixture.host.refusal = Errno.EROFS;
        assertEquals(Errno.EROFS, errno(() -> client.open(node, Client.RDWR)));
        assertArrayEquals(wal, Files.readAllBytes(fixture.files.resolve("a.db-wal")));
        assertTrue(database("a.db").wal().isEmpty());
        assertArrayEquals(wal, content("a.db-wal"));
        fixture.host.refusal = 0;
        client.release(node, client.open(node, Client.RDWR));
        assertEquals(3, database("a.db").position().txid());
    }

    @Test
    void whatWasTakenOfAWalBeforeItWasRefusedIsInTheDatabase() throws Exception {
        byte[][] commits = new byte[600][];
        for (int i = 0; i < commits.length; i++) {
            commits[i] = walPage(i + 2);
        }
        byte[] wal = wal(commits);
        long node = copy("a.db-wal", wal);
        copy("a.db", walPage(1));
        fixture.host.taken = 300;
        fixture.host.refusal = Errno.EROFS;
        assertEquals(Errno.EROFS, errno(() -> client.open(node, Client.RDWR)));
        assertArrayEquals(wal, Files.readAllBytes(fixture.files.resolve("a.db-wal")));
        long txid = database("a.db").position().txid();
        assertTrue(txid > 1 && txid < 601, "some, not all: " + txid);
        assertTrue(database("a.db").wal().isEmpty());
        assertArrayEquals(walPage((int) txid), content("a.db"));
        fixture.host.refusal = 0;
        client.release(node, client.open(node, Client.RDWR));
        assertArrayEquals(wal, content("a.db-wal"));
        assertEquals(txid + 600, database("a.db").position().txid());
    }

    @Test
    void whatIsWrittenWhileAnOlderFileIsTakenOverIsInIt() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] model = new byte[6 << 20];
        random.nextBytes(model);
        ByteBuffer.wrap(model).putLong(0xd9d505f920a163d7L);
        long node = copy("a.db-journal", model);
        long old = client.open(node, Client.RDWR);
        fixture.database("a.db");
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Long>> opens = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                opens.add(threads.submit((Callable<Long>) () -> client.open(node, Client.RDWR)));
            }
            for (int i = 0; i < 400; i++) {
                byte[] piece = new byte[1 + random.nextInt(5000)];
                random.nextBytes(piece);
                int at = 512 + random.nextInt(model.length - 512 - piece.length);
                client.write(node, old, at, piece);
                System.arraycopy(piece, 0, model, at, piece.length);
                if (i % 100 == 50) {
                    int cut = model.length - 1 - random.nextInt(1 << 20);
                    client.truncate(node, cut);
                    client.truncate(node, model.length);
                    Arrays.fill(model, cut, model.length, (byte) 0);
                }
            }
            for (Future<Long> open : opens) {
                client.release(node, open.get());
            }
        } finally {
            threads.shutdownNow();
        }
        assertFalse(inMirror("a.db-journal"));
        assertArrayEquals(model, content("a.db-journal"), "seed " + seed);
        client.release(node, old);
    }

    @Test
    void anOlderFileThatIsRemovedWhileItIsTakenOverIsGone() throws Exception {
        byte[] journal = new byte[8 << 20];
        ByteBuffer.wrap(journal).putLong(0xd9d505f920a163d7L);
        long node = copy("a.db-journal", journal);
        fixture.database("a.db");
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            Future<Integer> open = thread.submit(() -> errno(() -> client.open(node, Client.RDWR)));
            client.unlink(ROOT, "a.db-journal");
            assertTrue(List.of(0, Errno.ESTALE).contains(open.get()));
        } finally {
            thread.shutdownNow();
        }
        assertEquals(0, client.lookup(ROOT, "a.db-journal").node());
        assertTrue(database("a.db").journal().isEmpty());
        assertEquals(List.of("a.db"), client.list(ROOT));
    }

    @Test
    void onAReplicaAnOlderFileIsMovedAside() throws Exception {
        byte[] wal = wal(walPage(2));
        long node = copy("a.db-wal", wal);
        copy("a.db", walPage(1));
        fixture.replica = true;
        assertEquals(Errno.ESTALE, errno(() -> client.open(node, Client.RDWR)));
        assertEquals(List.of("a.db", "a.db-wal.local-1"), client.list(ROOT));
        assertArrayEquals(wal, content("a.db-wal.local-1"));
        assertEquals(1, database("a.db").position().txid());
    }

    @Test
    void aDatabaseThatArrivesMovesWhatLiesBesideItAside() throws Exception {
        copy("a.db-wal", wal(walPage(2)));
        copy("a.db-shm", HELLO);
        fixture.tree.arrivals().makeWay("a.db", 0, 0);
        assertEquals(List.of("a.db-shm.local-1", "a.db-wal.local-1"), client.list(ROOT));
    }
}
