package io.ltxfs.archive;

import io.ltxfs.objectstore.ObjectInfo;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What we write into the metadata of an LTX object, besides {@link #TIMESTAMP}, which is Litestream's. All of it is
 * missing in objects that Litestream wrote.
 *
 * @param timestamp of the last transaction in it (header timestamp)
 * @param lineage which history it belongs to
 * @param epoch the lease epoch under which it was put (unsigned)
 * @param preChecksum the LTX database checksum before the first transaction; 0 if {@code minTxid} is 1, or if it is
 *     not known
 * @param postChecksum the LTX database checksum after the last transaction; 0 if it is not known
 * @param owner whose file it is
 */
public record ObjectFacts(
        Optional<Instant> timestamp,
        Optional<String> lineage,
        long epoch,
        long preChecksum,
        long postChecksum,
        Optional<Owner> owner) {

    /** Nothing is known. */
    public static final ObjectFacts NONE =
            new ObjectFacts(Optional.empty(), Optional.empty(), 0, 0, 0, Optional.empty());

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

    /** As metadata to put; what is not known is left out. */
    public Map<String, String> toMetadata() {
        throw new UnsupportedOperationException();
    }

    /**
     * What an object's metadata says.
     *
     * @param name the object as people write it, for messages
     * @throws ArchiveException {@link ArchiveException.Kind#DAMAGED} if we wrote it and a value is wrong
     */
    public static ObjectFacts of(ObjectInfo info, String name) throws ArchiveException {
        throw new UnsupportedOperationException();
    }
}
