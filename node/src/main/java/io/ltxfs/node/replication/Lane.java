package io.ltxfs.node.replication;

import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.replicationproto.TransactionChunk;
import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** What a replica is sent of one database. Owned by the thread of its {@link ReplicaSender}. */
final class Lane {
    /** What becomes of a transaction of the feed. */
    enum Fit {
        /** It is the next one. */
        NEXT,
        /** The replica has it, or it is on its way. */
        KNOWN,
        /** Something before it is missing. */
        GAP
    }

    private final String database;
    private final ArrayDeque<Transaction> queue = new ArrayDeque<>();
    /** The last one that was taken from the feed, or that the replica has. */
    private Place last;

    /** The last one that was sent whole, or begun. */
    private Place sent;

    private Encoder.@Nullable Use sending;
    private long sendingLsn;
    private int nextChunk;
    private boolean replacing;
    private long heldLsn;
    private long fromLsn;

    Lane(String database, Place position) {
        this.database = database;
        this.last = position;
        this.sent = position;
    }

    String database() {
        return database;
    }

    Place last() {
        return last;
    }

    Place sent() {
        return sent;
    }

    /** Whether the replica takes the database anew, and gets no transactions until it has said where it is then. */
    boolean replacing() {
        return replacing;
    }

    /** Where the log has to be kept from for this lane; {@link Long#MAX_VALUE} if it need not. */
    long neededLsn() {
        if (replacing) {
            return heldLsn;
        }
        if (sending != null && !sending.ready()) {
            return sendingLsn;
        }
        Transaction first = queue.peek();
        return first == null ? Long.MAX_VALUE : first.lsn();
    }

    Fit fit(Transaction transaction) {
        TransactionHeader header = transaction.header();
        if (transaction.lsn() < fromLsn) {
            return Fit.KNOWN;
        }
        if (header.jump() || header.image() == TransactionHeader.Image.INSTALLED) {
            return last.equals(new Place(header.txid(), header.postChecksum())) ? Fit.KNOWN : Fit.GAP;
        }
        if (Long.compareUnsigned(transaction.txid(), last.txid()) <= 0) {
            return Fit.KNOWN;
        }
        return transaction.txid() == last.txid() + 1 && header.preChecksum() == last.checksum() ? Fit.NEXT : Fit.GAP;
    }

    void add(Transaction transaction) {
        queue.add(transaction);
        last = new Place(transaction.txid(), transaction.header().postChecksum());
    }

    int queued() {
        return queue.size();
    }

    /** The replica takes the database anew. @param lsn from which the log is kept until then */
    void replace(long lsn) {
        dropQueue();
        stopSending();
        replacing = true;
        heldLsn = lsn;
    }

    /** The replica is at a position of its own. @param lsn what is before it in the log is known, or of another history */
    void resume(Place position, long lsn) {
        replacing = false;
        fromLsn = lsn;
        last = position;
        sent = position;
    }

    /** Gives up what was not begun: the log may not have it any more. */
    void dropQueue() {
        queue.clear();
        last = sent;
    }

    /** Whether there is something to send. */
    boolean hasWork() {
        return sending != null || !queue.isEmpty();
    }

    /** Whether a transaction is under way. */
    boolean isSending() {
        return sending != null;
    }

    boolean isSendingLarge() {
        return sending != null && sending.isLarge();
    }

    /** Whether the bytes of the one that is under way are there. */
    boolean isReady() {
        return sending != null && sending.ready();
    }

    boolean nextIsLarge() {
        Transaction next = queue.peek();
        return next != null && Encoder.isLarge(next);
    }

    /** Begins the next transaction, unless one is under way. @return whether there are bytes to send at once */
    boolean begin(Encoder encoder, Runnable wake) throws IOException {
        if (sending == null) {
            Transaction next = queue.element();
            sending = encoder.use(next, wake);
            sendingLsn = next.lsn();
            nextChunk = 0;
            queue.remove();
            sent = new Place(next.txid(), next.header().postChecksum());
        }
        return sending.ready();
    }

    /** The next chunk of the one that was begun. */
    TransactionChunk next() throws IOException {
        Encoder.Use use = sending;
        if (use == null) {
            throw new IllegalStateException(database + ": nothing was begun");
        }
        TransactionChunk chunk = use.get().chunk(nextChunk++);
        if (chunk.getLast()) {
            stopSending();
        }
        return chunk;
    }

    void stopSending() {
        if (sending != null) {
            sending.close();
            sending = null;
        }
    }
}
