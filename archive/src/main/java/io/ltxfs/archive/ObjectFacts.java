package io.ltxfs.archive;

import java.time.Instant;
import java.util.Optional;

/**
 * What we write into the metadata of an LTX object, besides {@link #TIMESTAMP}, which is Litestream's. All of it is
 * missing in objects that Litestream wrote.
 *
 * @param timestamp of the last transaction in it (header timestamp)
 * @param lineage which history it belongs to
 * @param epoch the lease epoch under which it was put (unsigned)
 * @param preChecksum the LTX database checksum before the first transaction; 0 if {@code minTxid} is 1
 * @param postChecksum the LTX database checksum after the last transaction
 * @param owner whose file it is
 */
public record ObjectFacts(
        Optional<Instant> timestamp,
        Optional<String> lineage,
        long epoch,
        long preChecksum,
        long postChecksum,
        Optional<Owner> owner) {

    /** Litestream's key: RFC 3339 with nanoseconds, UTC. */
    public static final String TIMESTAMP = "litestream-timestamp";

    static final String LINEAGE = "ltxfs-lineage";
    static final String EPOCH = "ltxfs-epoch";
    static final String PRE_CHECKSUM = "ltxfs-pre-checksum";
    static final String POST_CHECKSUM = "ltxfs-post-checksum";
    static final String OWNER = "ltxfs-owner";

    /**
     * Owner of a database file.
     *
     * @param uid numeric user
     * @param gid numeric group
     * @param mode permission bits
     */
    public record Owner(int uid, int gid, int mode) {}
}
