package io.ltxfs.fusefs.kernel;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileTime;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.RecordLock;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.ReplyEmpty;
import io.ltxfs.fusefs.transport.Transport;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every transport does. */
@Timeout(600)
abstract class TransportContract {
    private static final int WAITING = 200;

    @TempDir
    Path directory;

    abstract Transport transport();

    private RealMount passthrough(boolean writeBack) throws Exception {
        return RealMount.passthrough(directory, transport(), writeBack);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void behavesAsTheDirectoryBehindIt(boolean writeBack) throws Exception {
        try (RealMount mount = passthrough(writeBack)) {
            Path file = mount.path.resolve("file");
            Files.writeString(file, "hello");
            assertEquals("hello", Files.readString(file));
            Files.createDirectories(mount.path.resolve("a/b"));
            Files.move(file, mount.path.resolve("a/b/c"));
            assertFalse(Files.exists(file));
            assertEquals("hello", Files.readString(mount.backing.resolve("a/b/c")));
            Files.createSymbolicLink(mount.path.resolve("link"), Path.of("a/b/c"));
            assertEquals("hello", Files.readString(mount.path.resolve("link")));
            assertThrows(IOException.class, () -> Files.createLink(mount.path.resolve("hard"), file));
            assertThrows(IOException.class, () -> Files.delete(mount.path.resolve("a")));

            String c = mount.path.resolve("a/b/c").toString();
            assertEquals(0, Posix.chmod(c, 0640));
            assertEquals(0, Posix.lchown(c, 1234, 5678));
            assertEquals(0, Posix.utimens(c, new FileTime(1, 2), new FileTime(3, 4)));
            assertEquals(
                    Posix.stat(mount.backing.resolve("a/b/c").toString()).mode(),
                    Posix.stat(c).mode());
            assertEquals(1234, Posix.stat(c).uid());
            assertEquals(5678, Posix.stat(c).gid());
            assertEquals(new FileTime(3, 4), Posix.stat(c).mtime());
            assertTrue(Posix.statvfs(c).blocks() > 0);

            assertEquals(0, Posix.truncate(c, 3));
            assertEquals("hel", Files.readString(mount.path.resolve("a/b/c")));
            Files.delete(mount.path.resolve("a/b/c"));
            assertFalse(Files.exists(mount.backing.resolve("a/b/c")));
            assertEquals(-Errno.ENAMETOOLONG, Posix.mkdir(mount.path + "/" + "n".repeat(256), 0700));
        }
    }

    @Test
    void listsLargeDirectoriesWhole() throws Exception {
        try (RealMount mount = passthrough(false)) {
            Set<String> expected = new HashSet<>();
            for (int i = 0; i < 3000; i++) {
                String name = "file-with-a-long-name-" + "x".repeat(i % 50) + i;
                Files.createFile(mount.backing.resolve(name));
                expected.add(name);
            }
            List<String> listed = new ArrayList<>();
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(mount.path)) {
                stream.forEach(p -> listed.add(p.getFileName().toString()));
            }
            assertEquals(expected.size(), listed.size());
            assertEquals(expected, new HashSet<>(listed));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void largeFilesReadBackAsWritten(boolean writeBack) throws Exception {
        byte[] content = new byte[33_333_333];
        new Random(1).nextBytes(content);
        try (RealMount mount = passthrough(writeBack)) {
            Path large = mount.path.resolve("large");
            try (FileChannel channel =
                    FileChannel.open(large, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                ByteBuffer direct =
                        ByteBuffer.allocateDirect(content.length).put(content).flip();
                assertEquals(content.length, channel.write(direct));
            }
            assertArrayEquals(content, Files.readAllBytes(mount.path.resolve("large")));
            assertTrue(
                    mount.mounted.counters().get("write") < 100,
                    "writes are not large: " + mount.mounted.counters().snapshot());
            Files.write(mount.backing.resolve("behind"), content);
            assertArrayEquals(content, Files.readAllBytes(mount.path.resolve("behind")));
        }
        assertArrayEquals(content, Files.readAllBytes(directory.resolve("backing/large")));
    }

    @Test
    void cachedReadsSendNoRequests() throws Exception {
        try (RealMount mount = passthrough(false)) {
            Path file = mount.path.resolve("file");
            Files.write(file, new byte[100_000]);
            Files.readAllBytes(file);
            Files.readAllBytes(file); // a first read leaves the access time unknown
            // A machine that is short of memory may take a page or a name from the kernel's caches now and then.
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                List<Long> before = requestsOfReads(mount);
                for (int i = 0; i < 100; i++) {
                    Files.readAllBytes(file);
                }
                assertEquals(before, requestsOfReads(mount));
            });
        }
    }

    private static List<Long> requestsOfReads(RealMount mount) {
        return Stream.of("read", "getattr", "lookup")
                .map(mount.mounted.counters()::get)
                .toList();
    }

    @Test
    void openFilesOutliveRenameAndUnlink() throws Exception {
        try (RealMount mount = passthrough(false)) {
            Path one = mount.path.resolve("one");
            Path two = mount.path.resolve("two");
            Files.writeString(one, "one");
            Files.writeString(two, "two");
            try (RandomAccessFile file = new RandomAccessFile(two.toFile(), "rw")) {
                Files.move(one, two, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
                assertEquals("one", Files.readString(two));
                file.seek(3);
                file.write("more".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                file.seek(0);
                assertEquals("twomore", file.readLine());
                Files.delete(two);
                file.setLength(1);
                assertEquals(1, file.length());
            }
            assertEquals(0, mount.path.toFile().list().length);
        }
    }

    @Test
    void locksAreTheKernelsOwn() throws Exception {
        try (RealMount mount = passthrough(false)) {
            String file = Files.createFile(mount.path.resolve("db")).toString();
            int one = Posix.open(file, OpenFlags.RDWR | OpenFlags.CLOEXEC, 0);
            int two = Posix.open(file, OpenFlags.RDWR | OpenFlags.CLOEXEC, 0);
            assertEquals(0, RecordLock.set(one, RecordLock.WRITE, 120, 1));
            assertEquals(-Errno.EAGAIN, RecordLock.set(two, RecordLock.WRITE, 120, 1));
            Posix.close(one);
            assertEquals(0, RecordLock.set(two, RecordLock.WRITE, 120, 1));
            Posix.close(two);
            assertEquals(0, mount.mounted.counters().get("setlk"));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyThreadsSeeTheirOwnData(boolean writeBack) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try (RealMount mount = passthrough(writeBack)) {
            List<Future<?>> workers = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                int seed = t;
                workers.add(pool.submit(() -> {
                    work(mount.path.resolve("worker" + seed), new Random(seed));
                    return null;
                }));
            }
            for (Future<?> worker : workers) {
                worker.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private static void work(Path own, Random random) throws IOException {
        Files.createDirectory(own);
        byte[] model = new byte[300_000];
        int length = 0;
        Path file = own.resolve("file");
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
            for (int i = 0; i < 300; i++) {
                byte[] piece = new byte[1 + random.nextInt(20_000)];
                random.nextBytes(piece);
                int at = random.nextInt(model.length - piece.length);
                System.arraycopy(piece, 0, model, at, piece.length);
                length = Math.max(length, at + piece.length);
                channel.write(ByteBuffer.wrap(piece), at);
                if (i % 10 == 0) {
                    channel.force(false);
                    Files.move(file, own.resolve("moved"));
                    Files.move(own.resolve("moved"), file);
                }
                int from = random.nextInt(length);
                ByteBuffer read = ByteBuffer.allocate(Math.min(5000, length - from));
                channel.read(read, from);
                for (int k = 0; k < read.position(); k++) {
                    if (read.get(k) != model[from + k]) {
                        throw new AssertionError("byte " + (from + k) + " of " + file + " at step " + i);
                    }
                }
            }
        }
    }

    /** Answers no sync until it is told to. */
    private static final class Waiting extends PassthroughFileSystem {
        final Queue<ReplyEmpty> syncs = new ConcurrentLinkedQueue<>();

        Waiting(Path backing) throws Exception {
            super(backing);
        }

        @Override
        public void fsync(Caller caller, long node, long fh, boolean dataOnly, ReplyEmpty reply) {
            syncs.add(reply);
        }
    }

    /** A commit that waits for replicas does, for as long as it takes: however many do, the others are served. */
    @Test
    void requestsThatWaitKeepNoThread() throws Exception {
        AtomicReference<Waiting> waiting = new AtomicReference<>();
        ExecutorService pool = Executors.newFixedThreadPool(WAITING);
        try (RealMount mount = RealMount.passthroughLike(directory, transport(), backing -> {
            waiting.set(new Waiting(backing));
            return waiting.get();
        })) {
            List<Future<Void>> all = new ArrayList<>();
            for (int i = 0; i < WAITING; i++) {
                Path file = mount.path.resolve("commit" + i);
                all.add(pool.submit(() -> {
                    try (FileChannel channel =
                            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                        channel.force(true);
                    }
                    return null;
                }));
            }
            Queue<ReplyEmpty> syncs = waiting.get().syncs;
            await().atMost(Duration.ofSeconds(60)).until(() -> syncs.size() == WAITING);
            Path other = mount.path.resolve("other");
            Files.writeString(other, "served");
            assertEquals("served", Files.readString(other));
            assertTrue(all.stream().noneMatch(Future::isDone));
            syncs.forEach(ReplyEmpty::ok);
            for (Future<Void> one : all) {
                one.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void invalidationShowsChangesMadeBehindTheMount() throws Exception {
        try (RealMount mount = passthrough(false)) {
            Path file = mount.path.resolve("file");
            assertFalse(Files.exists(file));
            Files.writeString(mount.backing.resolve("file"), "old");
            assertFalse(Files.exists(file), "the negative entry was not cached");
            mount.mounted.notifier().invalEntry(1, "file");
            assertEquals("old", Files.readString(file));
            Files.writeString(mount.backing.resolve("file"), "new");
            assertEquals("old", Files.readString(file), "the page was not cached");
            mount.mounted.notifier().invalInode(2, 0, 0);
            assertEquals("new", Files.readString(file));
            mount.mounted.notifier().invalInode(4711, 0, 0);
        }
    }

    @Test
    void aMountPointInUseOrFullIsRefused() throws Exception {
        try (RealMount mount = passthrough(false)) {
            Path other = Files.createDirectory(directory.resolve("other"));
            IOException live = assertThrows(
                    IOException.class,
                    () -> transport()
                            .mount(
                                    new PassthroughFileSystem(other),
                                    io.ltxfs.fusefs.transport.MountOptions.strict(mount.path)));
            assertTrue(live.getMessage().contains("a running ltxfs has it mounted"), live.getMessage());
            Files.createFile(other.resolve("something"));
            IOException full = assertThrows(
                    IOException.class,
                    () -> transport()
                            .mount(
                                    new PassthroughFileSystem(other),
                                    io.ltxfs.fusefs.transport.MountOptions.strict(other)));
            assertTrue(full.getMessage().contains("not empty (it holds something)"), full.getMessage());
        }
    }

    @Test
    void aBusyMountIsLeftUnlessDetachedAndServesItsOpenFiles() throws Exception {
        RealMount mount = passthrough(false);
        Files.writeString(mount.path.resolve("file"), "content");
        try (RandomAccessFile file =
                new RandomAccessFile(mount.path.resolve("file").toFile(), "rw")) {
            assertFalse(mount.mounted.unmount(false));
            assertTrue(mount.mounted.unmount(true));
            assertFalse(Files.exists(mount.path.resolve("file")));
            file.write("C".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        }
        assertTrue(mount.mounted.awaitEnd(java.time.Duration.ofSeconds(60)));
        assertEquals("Content", Files.readString(mount.backing.resolve("file")));
    }
}
