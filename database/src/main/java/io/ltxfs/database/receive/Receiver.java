package io.ltxfs.database.receive;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.FlushCallback;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionLog.PageVisitor;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The databases as a replica fills them (decision 12). Transactions of one database are received by one thread at a time
 * and applied by one thread at a time; different databases by different threads.
 */
public interface Receiver {

    /** The last received transaction of every database that there is or was (a drop, then), appended, maybe not durable. */
    Map<String, TransactionHeader> received();

    /** The last received transaction of one database. */
    Optional<TransactionHeader> received(String database);

    /**
     * Verifies a transaction and appends it to the log. Takes no lock that an application could hold.
     *
     * @param header with the next TXID, the received checksum before it, and everything else as the primary wrote it
     * @return the LSN of its record, for {@link #flush}
     * @throws NotNextException if it does not follow what was received
     * @throws io.ltxfs.database.CorruptDatabaseException if its pages do not make its post-apply checksum
     * @throws DiskException if the log cannot take it
     */
    long receive(TransactionHeader header, PageSource pages) throws IOException;

    /**
     * Verifies and appends a jump to a position of another history, or one that the log of the primary does not reach
     * back to (TXID and checksum may be anything).
     *
     * @param header of the position; its {@code preChecksum} is ignored
     * @param changed pages that differ from those that were received before; pages beyond {@code commit} are cut off
     */
    long replace(TransactionHeader header, PageSource changed) throws IOException;

    /** The checksums of the pages that were received, from page 1 on; 0 for the lock page. Empty if there is no such database. */
    long[] pageChecksums(String database) throws DiskException;

    /** Tells once everything up to an LSN is durable, together with all who wait at that moment. */
    void flush(long lsn, FlushCallback callback);

    /** The oldest transaction of a database that waits to be applied. */
    Optional<Arrival> next(String database);

    /** The oldest transactions of a database that wait to be applied, oldest first. */
    List<Arrival> waiting(String database, int max);

    /** The pages of one that waits. */
    void pages(Arrival arrival, PageVisitor visitor) throws DiskException;

    /**
     * Applies {@link #next} to the database file; a drop removes it, a first transaction makes it. The caller holds
     * EXCLUSIVE, or there is no file that anybody could have open, and nothing of its WAL is not in the file.
     *
     * <p>The file's pages that changed have been invalidated in the kernel when this returns.
     */
    void applyToFile(Arrival arrival) throws IOException;

    /**
     * Says that the frames of {@link #next} are about to be written to {@code X-wal} by a handle of the node's own: the
     * write that completes them applies it. One that is not exactly this transaction is refused with EIO. Said of
     * several that wait, one after the other, before any of them is given up, it means all of them in this order.
     */
    void expectFrames(Arrival arrival) throws DiskException;

    /** Gives up {@link #expectFrames}, of all. Asked of each, oldest first. @return whether the frames had been completed: then it is applied */
    boolean framesWritten(Arrival arrival);

    /** A thread-safe listener, told at once after {@link #receive} or {@link #replace}. */
    void onArrival(java.util.function.Consumer<String> listener);

    /** How positions of another node fit this node's history: one pass over the log's index for all of them. */
    Map<String, Place> locate(Map<String, io.ltxfs.database.Position> positions) throws DiskException;

    /**
     * Where a position is in this node's history.
     *
     * @param fromLsn for {@link Fit#KNOWN} the LSN from which to follow the log to get what came after it, else 0
     */
    record Place(Fit fit, long fromLsn) {}
}
