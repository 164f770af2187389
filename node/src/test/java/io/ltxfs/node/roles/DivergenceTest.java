package io.ltxfs.node.roles;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Host;
import io.ltxfs.database.disk.PosixDisk;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.node.replication.EpochGate;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database that is moved aside while the cluster goes on. */
class DivergenceTest {
    private static final String NAME = "a.db";
    private static final int PAGE = 512;

    private DatabaseSet databases;
    private Divergence divergence;
    private final EpochGate gate = new EpochGate(7);

    @BeforeEach
    void open(@TempDir Path directory) throws IOException {
        databases = DatabaseSet.open(new PosixDisk(directory), DatabaseSetOptions.defaults(), new NoHost());
        divergence = new Divergence(databases);
        receive(1);
    }

    @AfterEach
    void close() throws IOException {
        databases.close();
    }

    /** A transaction that writes the only page. */
    private void receive(int txid) throws IOException {
        byte[] page = new byte[PAGE];
        page[0] = (byte) txid;
        Optional<TransactionHeader> last = databases.receiver().received(NAME);
        long checksum = PageChecksum.toggle(PageChecksum.EMPTY, PageChecksum.of(1, page, 0, PAGE));
        TransactionHeader header = new TransactionHeader(
                NAME,
                txid,
                7,
                1000,
                PAGE,
                1,
                last.map(TransactionHeader::postChecksum).orElse(0L),
                checksum,
                txid == 1 ? Image.FULL : Image.DELTA,
                0,
                0,
                0644);
        databases.receiver().receive(header, visitor -> visitor.page(1, 0, ByteBuffer.wrap(page)));
    }

    private long txid() {
        return databases.receiver().received(NAME).orElseThrow().txid();
    }

    @Test
    void isNotRemovedUnderAnEpochThatIsOver() throws Exception {
        // Keeping it took long: another is the primary by now, and its history may have the database.
        EpochGate.Term slow = action -> {
            gate.promise(8);
            gate.term(7).run(action);
        };
        IOException over = assertThrows(IOException.class, () -> divergence.moveAside(NAME, slow));
        assertTrue(String.valueOf(over.getMessage()).contains("epoch 7 is over"), over::toString);
        assertEquals(1, txid());
        divergence.moveAside(NAME, gate.term(8));
        assertEquals(0, txid());
    }

    @Test
    void isNotRemovedWithWhatCameWhileItWasKept() throws Exception {
        EpochGate.Term slow = action -> {
            receive(2);
            gate.term(7).run(action);
        };
        assertThrows(IOException.class, () -> divergence.moveAside(NAME, slow));
        assertEquals(2, txid());
    }

    /** Keeping a large database takes long, and a node shows its state meanwhile. */
    @Test
    void whatIsKeptIsToldWhileMoreIsKept() throws Exception {
        divergence.keep(NAME, OptionalLong.empty());
        synchronized (databases.divergent()) {
            assertEquals(
                    1,
                    CompletableFuture.supplyAsync(divergence::kept)
                            .get(20, TimeUnit.SECONDS)
                            .size());
        }
    }

    private static final class NoHost implements Host {
        @Override
        public void probeWriteLock(Database database, Consumer<WriteLock> answer) {
            answer.accept(WriteLock.FREE);
        }

        @Override
        public void withExclusiveLock(Database database, Consumer<Boolean> action) {
            action.accept(true);
        }

        @Override
        public void withExclusiveLocks(
                Database database, Database other, Consumer<Boolean> action, Runnable afterwards) {
            action.accept(true);
            afterwards.run();
        }

        @Override
        public void invalidate(Database database, long offset, long length) {}

        @Override
        public void checkDiedWriter(Database database) {}

        @Override
        public void background(Runnable task) {
            task.run();
        }

        @Override
        public int mayCommit() {
            return 0;
        }

        @Override
        public long epoch() {
            return 7;
        }
    }
}
