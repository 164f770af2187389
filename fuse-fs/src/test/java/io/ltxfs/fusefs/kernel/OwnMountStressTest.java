package io.ltxfs.fusefs.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.RecordLock;
import io.ltxfs.fusefs.own.OwnFile;
import io.ltxfs.fusefs.own.OwnMountThread;
import io.ltxfs.fusefs.own.OwnMountThreads;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.ReplyOpen;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The process is its own mount's client while its collector is busy (D3, D4): nothing may hang, no byte be wrong. */
@Timeout(300)
final class OwnMountStressTest {
    private static final int FILES = 4;
    private static final int ROUNDS = 400;

    @TempDir
    Path directory;

    private static final class Watching extends PassthroughFileSystem {
        final Set<Integer> openers = ConcurrentHashMap.newKeySet();

        Watching(Path backing) throws Exception {
            super(backing);
        }

        @Override
        public void open(Caller caller, long node, int flags, ReplyOpen reply) {
            openers.add(caller.pid());
            super.open(caller, node, flags, reply);
        }
    }

    @Test
    void ownThreadsAndAppsShareFilesWhileTheCollectorRuns() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        Thread garbage = new Thread(() -> makeGarbage(done));
        Watching[] watching = new Watching[1];
        OwnMountThreads threads = OwnMountThreads.start(2, 64);
        try (RealMount mount = RealMount.passthroughLike(directory, backing -> {
            watching[0] = new Watching(backing);
            return watching[0];
        })) {
            garbage.start();
            List<CompletableFuture<Integer>> own = new ArrayList<>();
            List<Process> apps = new ArrayList<>();
            for (int f = 0; f < FILES; f++) {
                Path path = Files.write(mount.path.resolve("db" + f), new byte[16384]);
                OwnMountThread thread = threads.forKey("db" + f);
                OwnFile file =
                        thread.run(t -> t.open(path.toString(), OpenFlags.RDWR)).get();
                assertTrue(watching[0].openers.stream().anyMatch(threads::isOwn), "own open was not recognised");
                own.add(work(thread, file, 0, 0));
                apps.add(new ProcessBuilder(
                                "dd", "if=" + path, "of=" + path, "bs=512", "count=16", "seek=16", "conv=notrunc,fsync")
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start());
            }
            for (CompletableFuture<Integer> one : own) {
                assertEquals(0, one.get(200, TimeUnit.SECONDS));
            }
            for (Process app : apps) {
                assertEquals(0, app.waitFor());
            }
            threads.close();
        } finally {
            done.set(true);
            garbage.join();
        }
    }

    /** Each round is a job of its own: the value that the last one left, under the lock. @return wrong values */
    private static CompletableFuture<Integer> work(OwnMountThread thread, OwnFile file, int round, int wrong) {
        if (round == ROUNDS) {
            return CompletableFuture.completedFuture(wrong);
        }
        return thread.run(t -> {
                    ByteBuffer data = ByteBuffer.allocateDirect(4096);
                    boolean locked = file.setLock(RecordLock.WRITE, 120, 1);
                    file.read(data, 0);
                    int bad = locked && data.getInt(0) == round && data.getInt(4092) == round ? 0 : 1;
                    data.putInt(0, round + 1).putInt(4092, round + 1).clear();
                    file.write(data, 0);
                    file.setLock(RecordLock.UNLOCK, 120, 1);
                    return bad;
                })
                .thenCompose(bad -> work(thread, file, round + 1, wrong + bad));
    }

    private static void makeGarbage(AtomicBoolean done) {
        byte[][] kept = new byte[64][];
        for (int i = 0; !done.get(); i++) {
            kept[i % kept.length] = new byte[100_000];
            if (i % 1000 == 0) {
                System.gc();
            }
        }
    }
}
