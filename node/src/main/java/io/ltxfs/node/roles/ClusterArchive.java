package io.ltxfs.node.roles;

import io.ltxfs.node.cluster.Event.ArchivePlace;
import io.ltxfs.node.replication.EpochGate;
import java.io.IOException;
import java.util.Map;
import java.util.function.LongSupplier;

/** The archive as the roles use it. */
public interface ClusterArchive {

    /** What it has of every database. May take long. */
    Map<String, ArchivePlace> read() throws IOException, InterruptedException;

    /**
     * Takes what it has of a database beyond this node, durably. May take long.
     *
     * @param conform brings the database to what the archive has even where that is shorter or another history
     * @param term under which it is taken, once it has come
     */
    void fetch(String database, boolean conform, EpochGate.Term term) throws IOException, InterruptedException;

    /** Claims an epoch for every database from its next TXID on. May take long. */
    void claim(long epoch) throws IOException, InterruptedException;

    /** Begins to upload, as the primary. */
    void begin(LongSupplier epoch);

    /** Ends that. */
    void cease();

    /** Tells, once, when the archive has a transaction of a database; never if it ceases before. Returns at once. */
    void whenArchived(String database, long txid, Runnable then);
}
