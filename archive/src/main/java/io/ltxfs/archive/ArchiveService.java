package io.ltxfs.archive;

import java.time.Duration;
import java.util.List;

/** Keeps the archive of a node's databases up to date: upload, compaction, retention. */
public interface ArchiveService extends AutoCloseable {

    /**
     * How far the archive of one database is.
     *
     * @param txid the last transaction that the archive has (unsigned); 0 for none, or none known yet
     * @param pending committed transactions that it does not have yet
     * @param ageMillis how long ago the oldest of those was committed; 0 if there is none
     * @param warnings what is wrong and what to do, one line each
     */
    record Progress(long txid, long pending, long ageMillis, List<String> warnings) {}

    /**
     * What was done since the start, over all databases.
     *
     * @param puts objects that were put
     * @param bytes their bytes
     * @param failures requests of the store that failed
     * @param compactions objects of levels and snapshots that were made from others
     * @param deletions objects that retention deleted
     */
    record Counts(long puts, long bytes, long failures, long compactions, long deletions) {}

    /** What was done since the start. */
    default Counts counts() {
        return new Counts(0, 0, 0, 0, 0);
    }

    /** How far a database's archive is. */
    Progress progress(String database);

    /** What is wrong with the archive as a whole, one line each, and what to do. */
    List<String> warnings();

    /**
     * The highest epoch that was found in the archive above this node's (unsigned): another node is the primary. 0 if there
     * was none.
     */
    default long epochSeen() {
        return 0;
    }

    /**
     * Tells when the archive has a transaction of a database; at once if it has it. That this node was still the primary then
     * is not part of it: a commit that waits for the archive is answered when the lease object was read after this, and still
     * says so (rule 14 of the lease).
     *
     * @param done called once, on a thread of the archive: it must return soon. Never if the service is closed before
     */
    void whenArchived(String database, long txid, Runnable done);

    /**
     * Uploads everything that is committed, without waiting for {@code archive.sync}, and leaves the archive as another
     * writer wants to find it.
     *
     * @return whether all has reached the archive within the time
     */
    boolean drain(Duration timeout) throws InterruptedException;

    /** Stops the background work. What is not archived yet will be after the next start. */
    @Override
    void close();
}
