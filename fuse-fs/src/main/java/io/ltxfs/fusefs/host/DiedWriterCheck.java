package io.ltxfs.fusefs.host;

import io.ltxfs.database.Database;
import io.ltxfs.database.Database.WalTail;
import io.ltxfs.database.posix.RecordLock;
import io.ltxfs.fusefs.own.OwnFile;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after one WAL whose writer may have died between its commit and the wal-index: takes WRITE, asks the database
 * what is captured, publishes it, gives WRITE back. WRITE is the died process's for a moment longer when its files are
 * closed one by one, so a busy lock is tried again.
 *
 * <p>WRITE is taken only where something seems to be missing: a connection that wants to write meanwhile, and has no busy
 * timeout, is refused.
 */
final class DiedWriterCheck {
    private static final Logger LOG = LoggerFactory.getLogger(DiedWriterCheck.class);
    private static final int TRIES = 40;
    private static final long TRY_MILLIS = 25;

    private final LocalHost host;
    private final Database database;
    private int tries;

    DiedWriterCheck(LocalHost host, Database database) {
        this.host = host;
        this.database = database;
    }

    /** What came of taking WRITE. */
    enum Grasp {
        TAKEN,
        BUSY,
        /** Nothing is missing; or no connection is there, or no wal-index: the next one recovers the WAL by itself. */
        UNUSED
    }

    /** What was taken. @param index null unless {@link Grasp#TAKEN} */
    record Held(Grasp grasp, @Nullable OwnFile index) {}

    void start() {
        Optional<WalTail> tail = database.walTail();
        if (tail.isEmpty()) {
            return;
        }
        host.run(database.name(), descriptors -> take(descriptors, database.name(), tail.get()))
                .whenComplete((held, failure) -> {
                    if (failure != null) {
                        LOG.debug(
                                "wal-index not looked at database={} reason={}", database.name(), failure.getMessage());
                        return;
                    }
                    OwnFile index = held.index();
                    if (index != null) {
                        host.soon(() -> publish(index));
                    } else if (held.grasp() == Grasp.BUSY && ++tries < TRIES) {
                        host.later(this::start, TRY_MILLIS);
                    }
                });
    }

    private static Held take(OwnDescriptors descriptors, String name, WalTail tail) throws IOException {
        OwnFile index = descriptors.walIndex(name);
        if (index == null) {
            return new Held(Grasp.UNUSED, null);
        }
        Grasp grasp = Grasp.BUSY;
        try {
            if (index.queryLock(RecordLock.WRITE, SqliteLocks.WAL_DMS, 1).isEmpty()
                    || WalIndexPublisher.isPublished(new IndexFile(index), tail)) {
                grasp = Grasp.UNUSED;
            } else if (index.setLock(RecordLock.WRITE, SqliteLocks.WAL_WRITE, 1)) {
                grasp = Grasp.TAKEN;
            }
        } finally {
            if (grasp != Grasp.TAKEN) {
                index.close();
            }
        }
        return new Held(grasp, grasp == Grasp.TAKEN ? index : null);
    }

    /** WRITE is held, so what is captured stays the end until it is given back. */
    private void publish(OwnFile index) {
        Optional<WalTail> tail = Optional.empty();
        try {
            tail = database.walTail();
        } finally {
            if (tail.isEmpty()) {
                giveBack(index);
            }
        }
        tail.ifPresent(end -> publish(index, end));
    }

    private void publish(OwnFile index, WalTail tail) {
        host.run(database.name(), descriptors -> WalIndexPublisher.publish(new IndexFile(index), tail))
                .whenComplete((outcome, failure) -> host.soon(() -> {
                    if (failure != null) {
                        LOG.warn(
                                "wal-index not brought up to date database={} reason={}",
                                database.name(),
                                failure.getMessage());
                    } else if (outcome == WalIndexPublisher.Outcome.PUBLISHED) {
                        database.walPublished(tail.mxFrame());
                    }
                    giveBack(index);
                }));
    }

    /** Again if too many jobs wait: a WRITE that stays keeps every writer out. */
    private void giveBack(OwnFile index) {
        host.run(database.name(), descriptors -> close(index)).whenComplete((done, failure) -> {
            if (failure != null) {
                host.later(() -> giveBack(index), TRY_MILLIS);
            }
        });
    }

    private static boolean close(OwnFile index) {
        index.close();
        return true;
    }
}
