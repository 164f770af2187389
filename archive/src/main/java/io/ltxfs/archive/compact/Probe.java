package io.ltxfs.archive.compact;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.objectstore.ObjectContent;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/**
 * What an object of a level says of itself: its metadata and its header, by one small request.
 *
 * @param header as it is there; only its form was looked at
 */
record Probe(LtxObject object, ObjectFacts facts, LtxHeader header) {
    /**
     * Asks an object.
     *
     * @throws io.ltxfs.archive.ArchiveException if it has no header, or not that of its name
     */
    static Probe of(DatabaseArchive database, LtxObject object) throws IOException {
        String name = database.store().describe(object.key());
        try (ObjectContent content = database.store().get(object.key(), 0, LtxHeader.SIZE)) {
            ObjectFacts facts = ObjectFacts.of(content.info(), name);
            LtxHeader header = LtxHeader.parse(content.readAll());
            if (header.minTxid() != object.minTxid() || header.maxTxid() != object.maxTxid()) {
                throw Source.damaged(database.store(), object.key(), "its header says " + header.fileName());
            }
            return new Probe(object, facts, header);
        } catch (LtxFormatException e) {
            throw Source.damaged(database.store(), object.key(), String.valueOf(e.getMessage()));
        }
    }

    /** Whether the checksums before and after it are known, so that its transactions can be put into a bundle. */
    boolean hasChecksums() {
        return facts.postChecksum() != 0 && (facts.preChecksum() != 0 || object.minTxid() == 1);
    }

    /** Whether it is a whole image after something that the archive does not have. */
    boolean startsOver() {
        return facts.lineage().isPresent() && facts.preChecksum() == 0 && object.minTxid() != 1;
    }

    /** What an object is to say that joins consecutive ones. */
    static ObjectFacts joined(Probe first, Probe last) {
        return new ObjectFacts(
                last.facts.timestamp().isPresent()
                        ? last.facts.timestamp()
                        : Optional.of(Instant.ofEpochMilli(last.header.timestampMillis())),
                last.facts.lineage(),
                last.facts.epoch(),
                last.facts.postChecksum() == 0 ? 0 : first.facts.preChecksum(),
                last.facts.postChecksum(),
                last.facts.owner());
    }
}
