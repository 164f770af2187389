package io.ltxfs.fusefs.tree;

import static io.ltxfs.fusefs.tree.Client.errno;
import static io.ltxfs.fusefs.tree.TreeFixture.ROOT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileTime;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.fusefs.transport.Entry;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.ReplyOpen;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeTest {
    private static final byte[] HELLO = "hello".getBytes(StandardCharsets.US_ASCII);

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

    @Test
    void aPlainFileLiesInTheMirrorAsItIs() throws Exception {
        Client.Opened file = client.create(ROOT, "notes");
        assertEquals(ReplyOpen.KEEP_CACHE, client.lastFlags);
        long node = file.entry().node();
        assertEquals(5, client.write(node, file.fh(), 0, HELLO));
        assertArrayEquals(HELLO, Files.readAllBytes(fixture.files.resolve("notes")));
        assertEquals("hello", client.text(node, file.fh()));
        assertEquals(5, client.getattr(node).size());
        assertEquals(
                Posix.lstat(fixture.files.resolve("notes").toString()).ino(),
                client.getattr(node).ino());
        client.fsync(node, file.fh());
        client.truncate(node, 2);
        assertEquals("he", client.text(node, file.fh()));
        assertTrue(fixture.databases.all().isEmpty());
    }

    @Test
    void namesAreCachedForLong() throws Exception {
        Entry made = client.mkdir(ROOT, "d");
        assertTrue(made.entryTimeoutMillis() >= 3_600_000 && made.attrTimeoutMillis() >= 3_600_000);
        Entry missing = client.lookup(ROOT, "nothing");
        assertEquals(0, missing.node());
        assertTrue(missing.entryTimeoutMillis() >= 3_600_000);
        // These may come into being without a request.
        assertEquals(Errno.ENOENT, errno(() -> client.lookup(ROOT, ".primary")));
        assertEquals(Errno.ENOENT, errno(() -> client.lookup(ROOT, "app.db-pos")));
    }

    @Test
    void nodeIdsAreNeverUsedTwiceAndForgottenNodesLeaveMemory() throws Exception {
        int before = fixture.tree.nodes();
        long first = fixture.plain("a");
        client.forget(first, 1);
        assertEquals(before, fixture.tree.nodes());
        long second = client.lookup(ROOT, "a").node();
        assertTrue(second > first);
        client.unlink(ROOT, "a");
        client.forget(second, 1);
        assertTrue(fixture.plain("a") > second);
        assertEquals(Errno.ESTALE, errno(() -> client.getattr(first)));
    }

    @Test
    void aNodeWithOpenHandlesOrChildrenStaysInMemory() throws Exception {
        long d = client.mkdir(ROOT, "d").node();
        Client.Opened file = client.create(d, "f");
        client.forget(d, 1);
        client.forget(file.entry().node(), 1);
        client.write(file.entry().node(), file.fh(), 0, HELLO);
        assertEquals("hello", client.text(file.entry().node(), file.fh()));
        client.release(file.entry().node(), file.fh());
        assertEquals(1, fixture.tree.nodes(), "only the root is left");
        assertEquals(
                5,
                client.getattr(client.lookup(client.lookup(ROOT, "d").node(), "f")
                                .node())
                        .size());
    }

    @Test
    void anUnlinkedFileWorksByItsHandle() throws Exception {
        Client.Opened file = client.create(ROOT, "etilqs_1");
        client.unlink(ROOT, "etilqs_1");
        client.write(file.entry().node(), file.fh(), 0, TreeFixture.firstPage());
        assertEquals(512, client.read(file.entry().node(), file.fh(), 0, 4096).length);
        assertEquals(0, client.getattr(file.entry().node()).nlink());
        assertTrue(fixture.databases.all().isEmpty(), "a temporary file is no database");
        client.release(file.entry().node(), file.fh());
    }

    @Test
    void aFileIsADatabaseOnceSqlitesHeaderIsWritten() throws Exception {
        long node = fixture.database("app.db");
        assertTrue(fixture.databases.find("app.db").isPresent());
        assertEquals(512, client.getattr(node).size());
        assertEquals(List.of("app.db"), client.list(ROOT));
        assertEquals(
                1, fixture.databases.find("app.db").orElseThrow().position().txid(), "adopted at the close");
    }

    @Test
    void aHeaderInPiecesIsSeenAtTheClose() throws Exception {
        Client.Opened file = client.create(ROOT, "slow.db");
        byte[] page = TreeFixture.firstPage();
        for (int i = 0; i < page.length; i++) {
            client.write(file.entry().node(), file.fh(), i, new byte[] {page[i]});
        }
        assertTrue(fixture.databases.all().isEmpty());
        client.release(file.entry().node(), file.fh());
        assertTrue(fixture.databases.find("slow.db").isPresent());
    }

    @Test
    void aDatabaseInTheMirrorIsKnownWhenItIsOpenedForWriting() throws Exception {
        Files.write(fixture.files.resolve("old.db"), TreeFixture.firstPage());
        long node = client.lookup(ROOT, "old.db").node();
        client.release(node, client.open(node, OpenFlags.RDONLY));
        assertTrue(fixture.databases.all().isEmpty());
        client.release(node, client.open(node, OpenFlags.RDWR));
        assertTrue(fixture.databases.find("old.db").isPresent());
    }

    @Test
    void aSideFileMakesADatabaseOfAnyFile() throws Exception {
        long base = fixture.plain("encrypted.db");
        Client.Opened journal = client.create(ROOT, "encrypted.db-journal", 0600);
        assertTrue(fixture.databases.find("encrypted.db").isPresent());
        assertFalse(Files.exists(fixture.files.resolve("encrypted.db-journal")));
        assertEquals(List.of("encrypted.db", "encrypted.db-journal"), client.list(ROOT));
        assertEquals(0100600, client.getattr(journal.entry().node()).mode());
        assertEquals(100, client.getattr(base).size());
        client.chown(journal.entry().node(), 1234);
        assertEquals(1234, client.getattr(journal.entry().node()).uid());
        client.release(journal.entry().node(), journal.fh());
        client.forget(journal.entry().node(), 1);
        assertEquals(
                journal.entry().node(),
                client.lookup(ROOT, "encrypted.db-journal").node(),
                "it has no backing file to be found again by");
        client.unlink(ROOT, "encrypted.db-journal");
        assertEquals(List.of("encrypted.db"), client.list(ROOT));
    }

    @Test
    void aSideFilesNameWithoutABaseIsPlain() throws Exception {
        fixture.plain("foo-wal");
        client.mkdir(ROOT, "bar");
        fixture.plain("bar-journal");
        assertTrue(Files.exists(fixture.files.resolve("foo-wal")));
        assertTrue(Files.exists(fixture.files.resolve("bar-journal")));
        fixture.database("x-shm");
        assertTrue(fixture.databases.find("x-shm").isPresent(), "a database may have such a name");
    }

    @Test
    void virtualFilesAreThereButNotListed() throws Exception {
        fixture.database("app.db");
        long node = client.lookup(ROOT, "app.db-pos").node();
        long fh = client.open(node, OpenFlags.RDONLY);
        assertEquals(ReplyOpen.DIRECT_IO, client.lastFlags);
        String position = client.text(node, fh);
        assertEquals(fixture.databases.find("app.db").orElseThrow().position() + "\n", position);
        assertEquals(position.length(), client.getattr(node).size());
        long lag = client.lookup(ROOT, ".lag").node();
        assertEquals("+000000000\n", client.text(lag, client.open(lag, OpenFlags.RDONLY)));
        assertEquals(Errno.ENOENT, errno(() -> client.lookup(ROOT, ".primary")));
        assertEquals(List.of("app.db"), client.list(ROOT));
        assertEquals(Errno.EPERM, errno(() -> client.create(ROOT, ".lag")));
        assertEquals(Errno.EPERM, errno(() -> client.create(ROOT, "app.db-pos")));
        assertEquals(Errno.EPERM, errno(() -> client.unlink(ROOT, "app.db-pos")));
        assertEquals(Errno.EACCES, errno(() -> client.open(node, OpenFlags.RDWR)));
        client.unlink(ROOT, "app.db");
        assertEquals(Errno.ENOENT, errno(() -> client.lookup(ROOT, "app.db-pos")));
    }

    @Test
    void linksAndSwapsAreRefused() throws Exception {
        long node = fixture.plain("a");
        fixture.plain("b");
        assertEquals(Errno.EPERM, errno(() -> client.link(node, ROOT, "hard")));
        assertEquals(Errno.EINVAL, errno(() -> client.rename(ROOT, "a", ROOT, "b", FileSystem.RENAME_EXCHANGE)));
        assertEquals(Errno.EEXIST, errno(() -> client.rename(ROOT, "a", ROOT, "b", FileSystem.RENAME_NOREPLACE)));
        assertEquals(0, errno(() -> client.rename(ROOT, "a", ROOT, "c", FileSystem.RENAME_NOREPLACE)));
        assertEquals(List.of("b", "c"), client.list(ROOT));
    }

    @Test
    void whatHoldsOrBelongsToADatabaseIsCopiedRatherThanRenamed() throws Exception {
        fixture.database("app.db");
        Client.Opened shm = client.create(ROOT, "app.db-shm");
        assertEquals(Errno.EBUSY, errno(() -> client.rename(ROOT, "app.db-shm", ROOT, "j", 0)));
        client.release(shm.entry().node(), shm.fh());
        assertEquals(Errno.EXDEV, errno(() -> client.rename(ROOT, "app.db-shm", ROOT, "j", 0)));
        Client.Opened journal = client.create(ROOT, "app.db-journal");
        client.release(journal.entry().node(), journal.fh());
        assertEquals(Errno.EXDEV, errno(() -> client.rename(ROOT, "app.db-journal", ROOT, "j", 0)));
        fixture.plain("j");
        assertEquals(Errno.EXDEV, errno(() -> client.rename(ROOT, "j", ROOT, "app.db-wal", 0)));

        long d = client.mkdir(ROOT, "d").node();
        assertEquals(0, errno(() -> client.rename(ROOT, "d", ROOT, "e", 0)));
        Client.Opened inside = client.create(d, "in.db");
        client.write(inside.entry().node(), inside.fh(), 0, TreeFixture.firstPage());
        client.release(inside.entry().node(), inside.fh());
        assertTrue(fixture.databases.find("e/in.db").isPresent());
        assertEquals(Errno.EXDEV, errno(() -> client.rename(ROOT, "e", ROOT, "f", 0)));
    }

    @Test
    void anOpenJournalIsMovedAwayAndBack() throws Exception {
        fixture.database("app.db");
        Client.Opened journal = client.create(ROOT, "app.db-journal");
        client.write(journal.entry().node(), journal.fh(), 0, HELLO);
        client.rename(ROOT, "app.db-journal", ROOT, "bak", 0);
        assertEquals(List.of("app.db", "bak"), client.list(ROOT));
        assertEquals(0, client.lookup(ROOT, "app.db-journal").node());
        client.release(journal.entry().node(), journal.fh());
        client.rename(ROOT, "bak", ROOT, "app.db-journal", 0);
        assertEquals(List.of("app.db", "app.db-journal"), client.list(ROOT));
        long node = client.lookup(ROOT, "app.db-journal").node();
        assertEquals("hello", client.text(node, client.open(node, OpenFlags.RDONLY)));
    }

    @Test
    void aDatabaseIsRenamedOntoAnythingThatIsAFile() throws Exception {
        long node = fixture.database("a.db");
        client.rename(ROOT, "a.db", ROOT, "b.db", 0);
        assertTrue(fixture.databases.find("a.db").isEmpty());
        assertTrue(fixture.databases.find("b.db").isPresent());
        assertEquals(node, client.lookup(ROOT, "b.db").node());
        long fh = client.open(node, Client.RDWR);
        assertArrayEquals(TreeFixture.firstPage(), client.read(node, fh, 0, 4096));
        client.release(node, fh);

        fixture.plain("plain");
        client.rename(ROOT, "b.db", ROOT, "plain", 0);
        assertEquals(List.of("plain"), client.list(ROOT));
        assertEquals(512, client.getattr(client.lookup(ROOT, "plain").node()).size());
        assertEquals(List.of("plain"), List.of(fixture.files.toFile().list()));
    }

    @Test
    void aPlainFileRenamedOntoADatabaseDropsIt() throws Exception {
        fixture.database("a.db");
        fixture.plain("p");
        client.rename(ROOT, "p", ROOT, "a.db", 0);
        assertTrue(fixture.databases.find("a.db").isEmpty());
        assertEquals(100, client.getattr(client.lookup(ROOT, "a.db").node()).size());
    }

    @Test
    void anUnknownDatabaseIsKnownByItsNewName() throws Exception {
        Files.write(fixture.files.resolve("x.tmp"), TreeFixture.firstPage());
        client.lookup(ROOT, "x.tmp");
        client.rename(ROOT, "x.tmp", ROOT, "x.db", 0);
        assertTrue(fixture.databases.find("x.db").isPresent());
    }

    @Test
    void attributesOfADatabaseLieOnItsBackingFile() throws Exception {
        long node = fixture.database("a.db");
        client.chmod(node, 0640);
        FileTime time = new FileTime(981_173_106, 5_000);
        client.touch(node, time);
        if (Posix.geteuid() == 0) {
            client.chown(node, 65534);
        }
        client.forget(node, 1);
        long again = client.lookup(ROOT, "a.db").node();
        assertNotEquals(node, again);
        assertEquals(0100640, client.getattr(again).mode());
        assertEquals(time, client.getattr(again).mtime());
        assertEquals(
                Posix.geteuid() == 0 ? 65534 : Posix.geteuid(),
                client.getattr(again).uid());
    }

    @Test
    void writingADatabaseChangesItsTimes() throws Exception {
        long node = fixture.database("a.db");
        client.touch(node, new FileTime(981_173_106, 0));
        long fh = client.open(node, Client.RDWR);
        client.write(node, fh, 512, new byte[512]);
        assertTrue(client.getattr(node).mtime().seconds() > 1_600_000_000L);
        assertEquals(1024, client.getattr(node).size());
        client.truncate(node, 512);
        assertEquals(512, client.getattr(node).size());
        client.release(node, fh);
    }

    @Test
    void openFilesAreNamed() throws Exception {
        long d = client.mkdir(ROOT, "d").node();
        Client.Opened file = client.create(d, "f");
        assertEquals(List.of("d/f"), fixture.tree.openFiles());
        client.release(file.entry().node(), file.fh());
        assertEquals(List.of(), fixture.tree.openFiles());
    }

    @Test
    void symbolicLinksAreKept() throws Exception {
        long link = client.symlink(ROOT, "l", "some/where").node();
        assertEquals("some/where", client.readlink(link));
        assertEquals(
                "some/where", Files.readSymbolicLink(fixture.files.resolve("l")).toString());
        client.unlink(ROOT, "l");
        assertEquals(0, client.lookup(ROOT, "l").node());
    }

    @Test
    void aDirectoryIsRemovedOnlyWhenItIsEmpty() throws Exception {
        long d = client.mkdir(ROOT, "d").node();
        Client.Opened file = client.create(d, "x-mj0123456789");
        assertTrue(SqliteNames.isSuperJournal("x-mj0123459AB"));
        client.release(file.entry().node(), file.fh());
        assertEquals(Errno.ENOTEMPTY, errno(() -> client.rmdir(ROOT, "d")));
        client.unlink(d, "x-mj0123456789");
        Client.Opened journal = client.create(d, "x-mj0123459AB");
        client.release(journal.entry().node(), journal.fh());
        assertEquals(Errno.ENOTEMPTY, errno(() -> client.rmdir(ROOT, "d")), "a super-journal has no backing file");
        client.unlink(d, "x-mj0123459AB");
        client.rmdir(ROOT, "d");
        assertEquals(0, client.getattr(d).nlink());
        assertEquals(List.of(), client.list(d), "for those who stand in it");
        client.fsyncdir(ROOT);
    }
}
