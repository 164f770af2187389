package io.ltxfs.database;

import io.ltxfs.database.log.LogEntry;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.receive.Arrival;
import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What was received of one database and is not applied, oldest first. Its lock owns it; that comes before the database's. */
final class Inbox {
    /** One that waits; its pages are kept at hand as long as there is room for them. */
    static final class Waiting {
        final Arrival arrival;
        final LogEntry entry;
        private @Nullable SlotPages pages;
        private final long keptBytes;
        /** Applied, but for what follows. */
        boolean applied;

        Waiting(Arrival arrival, LogEntry entry, @Nullable SlotPages pages, long keptBytes) {
            this.arrival = arrival;
            this.entry = entry;
            this.pages = pages;
            this.keptBytes = keptBytes;
        }

        @Nullable
        SlotPages kept() {
            return pages;
        }

        /** The pages have an owner of their own from here on. */
        @Nullable
        SlotPages takeKept() {
            SlotPages taken = pages;
            pages = null;
            return taken;
        }

        long keptBytes() {
            return keptBytes;
        }

        void close() {
            SlotPages left = takeKept();
            if (left != null) {
                left.store().close();
            }
        }
    }

    final ReentrantLock lock = new ReentrantLock();
    final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    final ReceivedSums sums = new ReceivedSums();
    /** The log is kept from here on; {@link Long#MAX_VALUE} if nothing waits. */
    volatile long keepFromLsn = Long.MAX_VALUE;

    /** The last that was received and is not applied. */
    @Nullable
    TransactionHeader last() {
        Waiting newest = waiting.peekLast();
        return newest == null ? null : newest.arrival.header();
    }

    void updateKeep() {
        Waiting oldest = waiting.peekFirst();
        keepFromLsn = oldest == null ? Long.MAX_VALUE : oldest.arrival.lsn();
    }
}
