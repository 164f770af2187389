package io.ltxfs.fusefs.kernel;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.Reply;
import io.ltxfs.fusefs.transport.ReplyData;
import io.ltxfs.fusefs.transport.ReplyEmpty;
import io.ltxfs.fusefs.transport.ReplyEntry;
import io.ltxfs.fusefs.transport.ReplyWrite;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(600)
final class LateAndWrongAnswersTest {
    @TempDir
    Path directory;

    /** Answers reads, writes and syncs from another thread, some at once and some later. */
    private static final class Late extends PassthroughFileSystem {
        final ExecutorService elsewhere = Executors.newFixedThreadPool(3);

        Late(Path backing) throws Exception {
            super(backing);
        }

        @Override
        public void read(Caller caller, long node, long fh, long offset, int size, ReplyData reply) {
            if (offset % 8192 == 0) {
                reply.buffer();
            }
            elsewhere.execute(() -> {
                if (offset % 3 == 0) {
                    super.read(caller, node, fh, offset, size, reply);
                } else {
                    ByteBuffer own = offset % 3 == 1 ? ByteBuffer.allocate(size) : ByteBuffer.allocateDirect(size);
                    ByteBuffer direct = own.isDirect() ? own : ByteBuffer.allocateDirect(size);
                    direct.limit((int) Posix.pread((int) fh, direct, offset));
                    if (direct != own) {
                        own.put(direct).flip();
                    }
                    reply.data(own);
                }
            });
        }

        @Override
        public void write(
                Caller caller, long node, long fh, long offset, ByteBuffer data, int flags, ReplyWrite reply) {
            ByteBuffer kept = reply.retain();
            elsewhere.execute(() -> super.write(caller, node, fh, offset, kept, flags, reply));
        }

        @Override
        public void fsync(Caller caller, long node, long fh, boolean dataOnly, ReplyEmpty reply) {
            elsewhere.execute(reply::ok);
        }

        @Override
        public void destroy() {
            elsewhere.shutdown();
            super.destroy();
        }
    }

    @Test
    void lateAnswersReachTheirCallers() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(6);
        try (RealMount mount = RealMount.passthroughLike(directory, Late::new)) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 6; t++) {
                int seed = t;
                all.add(pool.submit(() -> {
                    Random random = new Random(seed);
                    for (int i = 0; i < 60; i++) {
                        byte[] content = new byte[random.nextInt(200_000)];
                        random.nextBytes(content);
                        Path file = mount.path.resolve("f" + seed + "-" + i);
                        Files.write(file, content, java.nio.file.StandardOpenOption.CREATE_NEW);
                        Path behind = mount.backing.resolve("g" + seed + "-" + i);
                        Files.write(behind, content);
                        assertArrayEquals(content, Files.readAllBytes(mount.path.resolve(behind.getFileName())));
                        assertArrayEquals(content, Files.readAllBytes(mount.backing.resolve(file.getFileName())));
                    }
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    /** Does everything wrong that a handler can do. */
    private static final class Wrong extends PassthroughFileSystem {
        final AtomicInteger refusedSecondAnswers = new AtomicInteger();

        Wrong(Path backing) throws Exception {
            super(backing);
        }

        @Override
        public void lookup(Caller caller, long parent, String name, ReplyEntry reply) {
            switch (name) {
                case "throws" -> throw new IllegalStateException("a fault of the test's");
                case "overflows" -> recurse(0);
                case "exhausts" -> throw new OutOfMemoryError("a fault of the test's");
                case "twice" -> {
                    reply.error(Errno.EACCES);
                    again(reply);
                }
                case "answers-then-throws" -> {
                    reply.error(Errno.EROFS);
                    throw new IllegalStateException("a fault of the test's");
                }
                case "nonsense" -> reply.error(-7);
                default -> super.lookup(caller, parent, name, reply);
            }
        }

        private int recurse(int depth) {
            return recurse(depth + 1) + 1;
        }

        private void again(Reply reply) {
            try {
                reply.error(Errno.ENOENT);
            } catch (IllegalStateException expected) {
                refusedSecondAnswers.incrementAndGet();
            }
        }

        @Override
        public void read(Caller caller, long node, long fh, long offset, int size, ReplyData reply) {
            reply.buffer();
            reply.filled(size + 1);
        }
    }

    @Test
    void aFailingHandlerIsAnsweredWithAnError() throws Exception {
        Wrong[] wrong = new Wrong[1];
        try (RealMount mount = RealMount.passthroughLike(directory, backing -> {
            wrong[0] = new Wrong(backing);
            return wrong[0];
        })) {
            for (int i = 0; i < 20; i++) {
                assertEquals(-Errno.EIO, open(mount, "throws"));
                assertEquals(-Errno.EIO, open(mount, "overflows"));
                assertEquals(-Errno.EIO, open(mount, "exhausts"));
                assertEquals(-Errno.EIO, open(mount, "nonsense"));
                assertEquals(-Errno.EACCES, open(mount, "twice"));
                assertEquals(-Errno.EROFS, open(mount, "answers-then-throws"));
            }
            // The caller goes on with the first answer, the handler with its second.
            await().atMost(Duration.ofSeconds(60)).until(wrong[0].refusedSecondAnswers::get, count -> count == 20);
            Files.writeString(mount.backing.resolve("file"), "text");
            int fd = open(mount, "file");
            assertTrue(fd >= 0);
            assertEquals(-Errno.EIO, Posix.pread(fd, ByteBuffer.allocateDirect(4), 0));
            Posix.close(fd);
        }
    }

    private static int open(RealMount mount, String name) {
        return Posix.open(mount.path + "/" + name, OpenFlags.RDONLY | OpenFlags.CLOEXEC, 0);
    }

    /** Never answers a read. */
    private static final class Silent extends PassthroughFileSystem {
        Silent(Path backing) throws Exception {
            super(backing);
        }

        @Override
        public void read(Caller caller, long node, long fh, long offset, int size, ReplyData reply) {
            // no answer: what an abort is for
        }
    }

    @Test
    void anAbortFreesWhoeverWaits() throws Exception {
        RealMount mount = RealMount.passthroughLike(directory, Silent::new);
        ExecutorService pool = Executors.newSingleThreadExecutor();
        try {
            Files.writeString(mount.backing.resolve("file"), "text");
            int fd = open(mount, "file");
            Future<Long> read = pool.submit(() -> Posix.pread(fd, ByteBuffer.allocateDirect(4), 0));
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> mount.mounted.counters().get("read") == 1);
            mount.mounted.abort();
            // The reader's read-ahead is aborted, its own read then finds no connection.
            assertEquals(-Errno.ENOTCONN, read.get());
            Posix.close(fd);
            assertTrue(mount.mounted.unmount(true));
            assertTrue(mount.mounted.awaitEnd(java.time.Duration.ofSeconds(60)));
        } finally {
            pool.shutdownNow();
        }
    }
}
