package io.ltxfs.archive;

import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.objectstore.ObjectInfo;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What we write into the metadata of an LTX object or a bundle, besides {@link #TIMESTAMP}, which is Litestream's. All of it is
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

    private static final String OUR_PREFIX = "ltxfs-";
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
        Map<String, String> metadata = new LinkedHashMap<>();
        timestamp.ifPresent(time -> metadata.put(TIMESTAMP, time.toString()));
        lineage.ifPresent(value -> {
            metadata.put(LINEAGE, value);
            metadata.put(EPOCH, Long.toUnsignedString(epoch));
        });
        if (preChecksum != 0) {
            metadata.put(PRE_CHECKSUM, PageChecksum.format(preChecksum));
        }
        if (postChecksum != 0) {
            metadata.put(POST_CHECKSUM, PageChecksum.format(postChecksum));
        }
        owner.ifPresent(o -> metadata.put(
                OWNER,
                String.join(
                        ":",
                        Integer.toUnsignedString(o.uid()),
                        Integer.toUnsignedString(o.gid()),
                        Integer.toOctalString(o.mode()))));
        return metadata;
    }

    /**
     * What an object's metadata says. Objects that we did not write may say nothing, or anything.
     *
     * @param name the object as people write it, for messages
     * @throws ArchiveException {@link ArchiveException.Kind#DAMAGED} if we wrote it and a value is wrong
     */
    public static ObjectFacts of(ObjectInfo info, String name) throws ArchiveException {
        Map<String, String> metadata = info.metadata();
        boolean ours = metadata.keySet().stream().anyMatch(key -> key.startsWith(OUR_PREFIX));
        if (!ours) {
            return new ObjectFacts(foreignTime(metadata), Optional.empty(), 0, 0, 0, Optional.empty());
        }
        return new ObjectFacts(
                value(metadata, TIMESTAMP, name, ObjectFacts::time),
                value(metadata, LINEAGE, name, ObjectFacts::lineage),
                value(metadata, EPOCH, name, Long::parseUnsignedLong).orElse(0L),
                value(metadata, PRE_CHECKSUM, name, ObjectFacts::checksum).orElse(0L),
                value(metadata, POST_CHECKSUM, name, ObjectFacts::checksum).orElse(0L),
                value(metadata, OWNER, name, ObjectFacts::owner));
    }

    private static Optional<Instant> foreignTime(Map<String, String> metadata) {
        try {
            return Optional.ofNullable(metadata.get(TIMESTAMP)).map(ObjectFacts::time);
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static <T> Optional<T> value(
            Map<String, String> metadata, String key, String name, Function<String, T> parser) throws ArchiveException {
        String text = metadata.get(key);
        if (text == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(parser.apply(text));
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new ArchiveException(
                    ArchiveException.Kind.DAMAGED,
                    name + ": its metadata '" + key + "' is '" + text
                            + "', which ltxfs never writes; the object was changed by something else",
                    e);
        }
    }

    private static Instant time(String text) {
        return OffsetDateTime.parse(text).toInstant();
    }

    private static String lineage(String text) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("blank");
        }
        return text;
    }

    private static long checksum(String text) {
        long value = PageChecksum.parse(text);
        if ((value & PageChecksum.FLAG) == 0) {
            throw new IllegalArgumentException("bit 63 is not set");
        }
        return value;
    }

    private static Owner owner(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("not uid:gid:mode");
        }
        return new Owner(
                Integer.parseUnsignedInt(parts[0]),
                Integer.parseUnsignedInt(parts[1]),
                Integer.parseUnsignedInt(parts[2], 8));
    }
}
