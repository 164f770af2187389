package io.ltxfs.node.roles;

import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.Position;
import io.ltxfs.database.TransactionSummary;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.node.replication.EpochGate;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps what this node has and the history of the cluster does not. For all threads; it may take long. */
final class Divergence {
    private static final Logger LOG = LoggerFactory.getLogger(Divergence.class);

    private final DatabaseSet databases;

    Divergence(DatabaseSet databases) {
        this.databases = databases;
    }

    /**
     * Keeps what a database has after the last transaction that it has in common with the cluster's.
     *
     * @param fork that one; empty if none is known: everything that is there is kept
     */
    void keep(String database, OptionalLong fork) throws IOException {
        List<Position> common = fork.isEmpty()
                ? List.of()
                : databases.history(database).stream()
                        .filter(each -> each.txid() == fork.getAsLong())
                        .map(Divergence::after)
                        .toList();
        databases.divergent().keep(database, common);
    }

    private static Position after(TransactionSummary transaction) {
        return new Position(transaction.txid(), transaction.postApplyChecksum());
    }

    /**
     * Keeps a database that the cluster does not have, and removes it here, its position too; durable on return.
     *
     * @param term under which it is not the cluster's. Keeping it may take long, and another epoch's history may have it
     */
    void moveAside(String name, EpochGate.Term term) throws IOException {
        Optional<TransactionHeader> received = databases.receiver().received(name);
        if (received.isEmpty() || received.get().txid() == 0) {
            return;
        }
        TransactionHeader last = received.get();
        if (last.image() != Image.DROP) {
            keep(name, OptionalLong.empty());
        }
        TransactionHeader gone = new TransactionHeader(
                name,
                0,
                last.epoch(),
                last.timeMillis(),
                last.pageSize(),
                0,
                last.postChecksum(),
                PageChecksum.EMPTY,
                Image.DROP,
                last.uid(),
                last.gid(),
                last.mode());
        long[] lsn = {0};
        term.run(() -> {
            if (!databases.receiver().received(name).equals(received)) {
                throw new IOException(name + ": has changed while it was kept; it is looked at again");
            }
            lsn[0] = databases.receiver().replace(gone, visitor -> {});
        });
        awaitDurable(lsn[0]);
        LOG.warn("moved a database aside that the cluster does not have database={}", name);
    }

    private void awaitDurable(long lsn) throws IOException {
        CountDownLatch done = new CountDownLatch(1);
        IOException[] failed = {null};
        databases.receiver().flush(lsn, failure -> {
            failed[0] = failure;
            done.countDown();
        });
        try {
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the node stops", e);
        }
        if (failed[0] != null) {
            throw failed[0];
        }
    }

    /** What is kept, by database. */
    Map<String, ClusterView.Divergent> kept() {
        Map<String, ClusterView.Divergent> kept = new TreeMap<>();
        databases
                .divergent()
                .all()
                .forEach((name, files) -> kept.put(name, new ClusterView.Divergent(files.files(), files.bytes())));
        return kept;
    }
}
