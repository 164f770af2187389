package io.ltxfs.database.sim;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Handle;
import io.ltxfs.database.log.LogOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Databases whose file an application removes while their pages are on the way into it. */
@Timeout(300)
class UnlinkedTest {
    /** So many that they are written in the background, without the lock. */
    private static final int PAGES = 200;

    private static final int READER = 7;

    private final SimHost host = new SimHost();
    private final SimDisk disk = new SimDisk(1);

    @BeforeEach
    void quiet() {
        Quiet.please();
    }

    /** The last close comes while the removal waits for the writing: the file must stay open until both are done. */
    @Test
    void theLastCloseWaitsForWhatIsBeingWritten() throws IOException {
        LogOptions log = new LogOptions(1 << 20, 1 << 20, true, false);
        DatabaseSet set =
                DatabaseSet.open(disk, new DatabaseSetOptions(log, name -> false, 1 << 20, () -> 1_000), host);
        byte[] content = Bench.image(PAGES, new Random(1));
        Bench.stage(disk, "staging/1", content);
        Database database = set.install("staging/1", Bench.position("a.db", 1, 1, content));
        Handle reader = new Handle(false, false, READER);
        database.file().opened(reader);
        commitAll(database, content);

        AtomicReference<Thread> removal = new AtomicReference<>();
        CompletableFuture<Integer> removed = new CompletableFuture<>();
        disk.hook((kind, path) -> {
            if (kind == SimDisk.Kind.WRITE && path.endsWith("a.db") && removal.get() == null) {
                Thread thread = new Thread(() -> {
                    try {
                        set.drop(database, removed::complete);
                    } catch (RuntimeException e) {
                        removed.completeExceptionally(e);
                    }
                });
                removal.set(thread);
                thread.start();
                await().atMost(Duration.ofSeconds(60)).until(() -> thread.getState() == Thread.State.WAITING);
                database.file().released(reader);
            }
        });
        assertTrue(host.runTask());
        assertNotNull(removal.get(), "nothing was written in the background");
        await().atMost(Duration.ofSeconds(60)).until(() -> host.runAnswers() || host.runTask() || removed.isDone());
        assertEquals(0, removed.join());
        set.close();
    }

    private void commitAll(Database database, byte[] content) {
        Transaction transaction = new Transaction(database, host);
        transaction.begin();
        transaction.journal(content, IntStream.rangeClosed(2, PAGES).boxed().toList());
        byte[] page = new byte[Bench.PAGE_SIZE];
        Arrays.fill(page, (byte) 1);
        for (int pgno = 2; pgno <= PAGES; pgno++) {
            transaction.write((pgno - 1L) * Bench.PAGE_SIZE, page);
        }
        transaction.sync();
        transaction.end();
    }
}
