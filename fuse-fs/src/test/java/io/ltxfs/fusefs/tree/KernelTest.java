package io.ltxfs.fusefs.tree;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.fusefs.transport.Notifier;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class KernelTest {
    private static final long DIRECTORY = 1;
    private static final long JOURNAL = 2;
    private static final long DATABASE = 3;

    /** A request is answered: what it holds in the kernel is given back. */
    private final CountDownLatch answered = new CountDownLatch(1);

    private final Kernel kernel = new Kernel();

    @BeforeEach
    void attach() {
        kernel.attach(new Notifier() {
            @Override
            public void invalInode(long node, long offset, long length) {
                if (node == JOURNAL) {
                    awaitAnswer();
                }
            }

            @Override
            public void invalEntry(long parent, String name) {
                awaitAnswer();
            }
        });
    }

    private void awaitAnswer() {
        try {
            answered.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void close() {
        answered.countDown();
        kernel.close();
    }

    @Test
    void anUnlinkThatWaitsForPagesHoldsTheDirectoryOfANameThatIsToBeForgotten() throws Exception {
        kernel.forgetName(DIRECTORY, "other-wal");
        kernel.dropRange(DATABASE, 0, 4096);
        kernel.after(answered::countDown);
        assertTrue(answered.await(10, TimeUnit.SECONDS));
    }

    @Test
    void aWriteThatWaitsForPagesHoldsThePageOfAnEarlierWriteThatFailed() throws Exception {
        kernel.forgetRange(JOURNAL, 0, 28);
        kernel.dropRange(DATABASE, 0, 4096);
        kernel.after(answered::countDown);
        assertTrue(answered.await(10, TimeUnit.SECONDS));
    }

    @Test
    void whatWaitsForPagesRunsWhenTheyAreDropped() throws Exception {
        CountDownLatch run = new CountDownLatch(1);
        kernel.dropRange(JOURNAL, 0, 4096);
        kernel.after(run::countDown);
        assertFalse(run.await(100, TimeUnit.MILLISECONDS));
        answered.countDown();
        assertTrue(run.await(10, TimeUnit.SECONDS));
    }

    @Test
    void whatWaitsForEverythingWaitsForNamesToo() throws Exception {
        CountDownLatch run = new CountDownLatch(1);
        kernel.forgetName(DIRECTORY, "other-wal");
        kernel.afterAll(run::countDown);
        assertFalse(run.await(100, TimeUnit.MILLISECONDS));
        answered.countDown();
        assertTrue(run.await(10, TimeUnit.SECONDS));
    }
}
