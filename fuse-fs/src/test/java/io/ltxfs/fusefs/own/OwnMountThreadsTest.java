package io.ltxfs.fusefs.own;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.database.posix.RecordLock;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
final class OwnMountThreadsTest {
    @TempDir
    Path directory;

    private OwnMountThreads threads;

    @BeforeEach
    void start() throws Exception {
        threads = OwnMountThreads.start(2, 4);
    }

    @AfterEach
    void stop() {
        threads.close();
    }

    @Test
    void filesAreReadWrittenAndLockedOnTheirThread() throws Exception {
        String path = Files.createFile(directory.resolve("db")).toString();
        OwnMountThread thread = threads.forKey("db");
        OwnFile file = thread.run(t -> t.open(path, OpenFlags.RDWR)).join();
        String text = thread.run(t -> {
                    ByteBuffer data = ByteBuffer.allocateDirect(4).put(new byte[] {'t', 'e', 'x', 't'});
                    file.write(data.flip(), 5);
                    file.truncate(8);
                    ByteBuffer read = ByteBuffer.allocateDirect(100);
                    int bytes = file.read(read, 5);
                    return bytes + ":" + (char) read.get(0) + ":" + file.stat().size();
                })
                .join();
        assertEquals("3:t:8", text);

        int other = Posix.open(path, OpenFlags.RDWR | OpenFlags.CLOEXEC, 0);
        assertTrue(thread.run(t -> file.setLock(RecordLock.WRITE, 120, 1)).join());
        assertEquals(-Errno.EAGAIN, RecordLock.set(other, RecordLock.READ, 120, 1));
        assertTrue(
                thread.run(t -> file.queryLock(RecordLock.WRITE, 120, 1)).join().isEmpty());
        assertEquals(0, RecordLock.set(other, RecordLock.READ, 121, 1));
        assertFalse(thread.run(t -> file.setLock(RecordLock.WRITE, 121, 1)).join());
        assertEquals(
                RecordLock.READ,
                thread.run(t -> file.queryLock(RecordLock.WRITE, 121, 1))
                        .join()
                        .orElseThrow()
                        .type());
        thread.run(t -> {
                    file.close();
                    return true;
                })
                .join();
        assertEquals(0, RecordLock.set(other, RecordLock.READ, 120, 1));
        Posix.close(other);
    }

    @Test
    void aFileBelongsToItsThread() throws Exception {
        String path = Files.createFile(directory.resolve("db")).toString();
        OwnFile file =
                threads.forKey("a").run(t -> t.open(path, OpenFlags.RDWR)).join();
        assertThrows(IllegalStateException.class, () -> file.truncate(1));
        assertNotEquals(threads.forKey("a"), threads.forKey("b"));
        CompletionException e = assertThrows(
                CompletionException.class,
                () -> threads.forKey("b").run(t -> file.stat()).join());
        assertInstanceOf(IllegalStateException.class, e.getCause());
    }

    @Test
    void failuresReachTheCallerAndTheThreadGoesOn() {
        OwnMountThread thread = threads.forKey("x");
        CompletionException e = assertThrows(
                CompletionException.class,
                () -> thread.run(t -> t.open(directory + "/none", OpenFlags.RDWR))
                        .join());
        assertEquals(Errno.ENOENT, ((PosixException) e.getCause()).errno());
        assertThrows(
                CompletionException.class,
                () -> thread.run(t -> {
                            throw new StackOverflowError("a fault of the test's");
                        })
                        .join());
        assertEquals("on", thread.run(t -> "on").join());
        assertTrue(threads.isOwn(thread.tid()));
        assertFalse(threads.isOwn(Posix.gettid()));
    }

    @Test
    void descriptorsAreNotShared() throws Exception {
        OwnMountThread thread = threads.forKey("x");
        Path file = Files.writeString(directory.resolve("later"), "later");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            assertEquals(5, channel.size());
            assertEquals(0, descriptorsOf(thread, file));
            thread.run(t -> t.open(file.toString(), OpenFlags.RDONLY)).join();
            assertEquals(1, descriptorsOf(thread, file));
        }
        assertEquals(1, descriptorsOf(thread, file));
        threads.close();
        // The kernel's task ends a moment after the Java thread.
        await().atMost(Duration.ofSeconds(60)).until(() -> !Files.exists(Path.of("/proc/self/task/" + thread.tid())));
    }

    private static long descriptorsOf(OwnMountThread thread, Path file) throws Exception {
        try (var links = Files.list(Path.of("/proc/self/task/" + thread.tid() + "/fd"))) {
            return links.filter(link -> {
                        try {
                            return Files.readSymbolicLink(link).equals(file);
                        } catch (java.io.IOException closedMeanwhile) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    @Test
    void tooManyJobsAreRefusedAtOnce() throws Exception {
        OwnMountThread thread = threads.forKey("x");
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        CompletableFuture<Boolean> first = thread.run(t -> {
            running.countDown();
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return true;
        });
        running.await();
        for (int i = 0; i < 4; i++) {
            thread.run(t -> true);
        }
        CompletableFuture<Boolean> refused = thread.run(t -> true);
        assertInstanceOf(
                RejectedExecutionException.class,
                assertThrows(CompletionException.class, refused::join).getCause());
        go.countDown();
        assertTrue(first.join());
    }
}
