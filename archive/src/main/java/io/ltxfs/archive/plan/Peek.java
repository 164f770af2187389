package io.ltxfs.archive.plan;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.bundle.BundleReader;
import io.ltxfs.archive.bundle.BundleTable;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one small request tells of an object: whether it belongs to the history, and its header or table. One request gives
 * both, since the answer to a range has the metadata too.
 *
 * @param fate whether it can be used
 * @param why it cannot; empty if it can
 * @param facts of its metadata
 * @param header of an LTX object that can be used
 * @param table of a bundle that can be used
 */
record Peek(
        Fate fate,
        String why,
        ObjectFacts facts,
        @Nullable LtxHeader header,
        @Nullable BundleTable table) {

    /** What becomes of an object. */
    enum Fate {
        /** It is part of the history. */
        GOOD,
        /** It is not there any more. */
        GONE,
        /** Something is wrong with it. */
        DAMAGED,
        /** It was put under an earlier epoch than the one that its transactions belong to. */
        STALE
    }

    /** Looks at an LTX object's header. */
    static Peek at(DatabaseArchive db, Optional<DatabaseRecord> record, LtxObject object) throws IOException {
        String name = db.store().describe(object.key());
        try (ObjectContent content = db.store().get(object.key(), 0, LtxHeader.SIZE)) {
            ObjectFacts facts = ObjectFacts.of(content.info(), name);
            byte[] bytes = content.readAll();
            if (bytes.length < LtxHeader.SIZE) {
                return bad(Fate.DAMAGED, "it has only " + bytes.length + " bytes");
            }
            LtxHeader header = LtxHeader.parse(bytes);
            header.validate();
            if (header.minTxid() != object.minTxid() || header.maxTxid() != object.maxTxid()) {
                return bad(Fate.DAMAGED, "it is the object " + header.fileName() + " under another name");
            }
            String stale = stale(record, facts, object.maxTxid(), name);
            return stale != null ? bad(Fate.STALE, stale) : new Peek(Fate.GOOD, "", facts, header, null);
        } catch (LtxFormatException e) {
            return bad(Fate.DAMAGED, String.valueOf(e.getMessage()));
        } catch (StoreException e) {
            return gone(e);
        } catch (ArchiveException e) {
            return damaged(e, name);
        }
    }

    /** Reads a bundle's table. */
    static Peek at(DatabaseArchive db, Optional<DatabaseRecord> record, BundleObject bundle) throws IOException {
        String name = db.store().describe(bundle.key());
        try {
            BundleReader reader = BundleReader.open(db.store(), bundle);
            String stale = stale(record, reader.facts(), bundle.maxTxid(), name);
            return stale != null
                    ? bad(Fate.STALE, stale)
                    : new Peek(Fate.GOOD, "", reader.facts(), null, reader.table());
        } catch (StoreException e) {
            return gone(e);
        } catch (ArchiveException e) {
            return damaged(e, name);
        }
    }

    /** The own timestamp of the last transaction of an LTX object. */
    Optional<Instant> headerTime() {
        return header != null && header.timestampMillis() != 0
                ? Optional.of(Instant.ofEpochMilli(header.timestampMillis()))
                : facts.timestamp();
    }

    LtxHeader headerOnly() {
        return Objects.requireNonNull(header);
    }

    BundleTable tableOnly() {
        return Objects.requireNonNull(table);
    }

    private static @Nullable String stale(Optional<DatabaseRecord> record, ObjectFacts facts, long maxTxid, String name)
            throws ArchiveException {
        if (record.isEmpty() || facts.lineage().isEmpty()) {
            return null;
        }
        String lineage = record.get().lineage();
        if (!facts.lineage().get().equals(lineage)) {
            throw new ArchiveException(
                    ArchiveException.Kind.FOREIGN,
                    name + ": it belongs to the history " + facts.lineage().get() + ", the archive of '"
                            + record.get().database() + "' is that of history " + lineage
                            + "; move the object away, or the archive that it does not belong to");
        }
        long owner = record.get().epochOf(maxTxid);
        if (Long.compareUnsigned(facts.epoch(), owner) >= 0) {
            return null;
        }
        return "it was put under epoch " + Long.toUnsignedString(facts.epoch()) + ", TXID " + Txid.format(maxTxid)
                + " belongs to epoch " + Long.toUnsignedString(owner);
    }

    private static Peek gone(StoreException e) throws StoreException {
        if (e.kind() == StoreException.Kind.NOT_FOUND) {
            return bad(Fate.GONE, "it is not there any more");
        }
        if (e.kind() == StoreException.Kind.RANGE) {
            return bad(Fate.DAMAGED, "it is empty");
        }
        throw e;
    }

    /** Keeps what is wrong; which object it is and what to do is said where it is passed over. */
    private static Peek damaged(ArchiveException e, String name) throws ArchiveException {
        if (e.kind() != ArchiveException.Kind.DAMAGED) {
            throw e;
        }
        String message = String.valueOf(e.getMessage());
        int begin = message.startsWith(name + ": ") ? name.length() + 2 : 0;
        int end = message.lastIndexOf("; ");
        return bad(Fate.DAMAGED, message.substring(begin, end < begin ? message.length() : end));
    }

    private static Peek bad(Fate fate, String why) {
        return new Peek(fate, why, ObjectFacts.NONE, null, null);
    }
}
