package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.bundle.BundleEntry;
import io.ltxfs.archive.bundle.BundleReader;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.LtxSummary;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.objectstore.ObjectStore;
import java.io.IOException;

/** Reads objects back whole. Failures are {@link ArchiveException} of kind DAMAGED, or the store's. */
final class ObjectVerifier {
    private final DatabaseArchive database;
    private final ObjectStore store;

    ObjectVerifier(DatabaseArchive database) {
        this.database = database;
        this.store = database.store();
    }

    /** What was found. */
    record Found(LtxSummary summary, ObjectFacts facts) {}

    /**
     * Reads an object of a level: format and file checksum, the range of its name, and of a whole image that its pages
     * have the database checksum that the metadata says.
     */
    Found verify(LtxObject object) throws IOException {
        try (Source source = Source.open(database, object)) {
            LtxReader reader = source.reader();
            LtxHeader header = reader.header();
            byte[] page = new byte[header.pageSize()];
            boolean whole = object.minTxid() == 1 && source.facts().postChecksum() != 0;
            long checksum = PageChecksum.EMPTY;
            for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
                if (whole) {
                    checksum = PageChecksum.toggle(checksum, PageChecksum.of(pgno, page, 0, page.length));
                }
            }
            LtxSummary summary = reader.finish();
            if (whole && checksum != source.facts().postChecksum()) {
                throw Source.damaged(
                        store,
                        object.key(),
                        "its pages have the database checksum " + PageChecksum.format(checksum) + ", its metadata says "
                                + PageChecksum.format(source.facts().postChecksum()));
            }
            return new Found(summary, source.facts());
        } catch (LtxFormatException e) {
            throw Source.damaged(store, object.key(), String.valueOf(e.getMessage()));
        }
    }

    /**
     * Reads a bundle: its table, every transaction, and that each begins where the one before ends.
     *
     * @return what its metadata says
     */
    ObjectFacts verify(BundleObject bundle) throws IOException {
        BundleReader reader = BundleReader.open(store, bundle);
        long[] checksum = {0};
        reader.read(bundle.minTxid(), bundle.maxTxid(), (entry, ltx) -> {
            LtxSummary summary = ltx.drain();
            boolean follows = entry.txid() == bundle.minTxid() || entry.preChecksum() == checksum[0];
            if (!follows || summary.trailer().postApplyChecksum() != entry.postChecksum()) {
                throw Source.damaged(store, bundle.key(), "its checksums do not follow each other");
            }
            checksum[0] = entry.postChecksum();
        });
        BundleEntry first = reader.table().of(bundle.minTxid());
        ObjectFacts facts = reader.facts();
        boolean known = facts.postChecksum() != 0;
        if (known && (facts.preChecksum() != first.preChecksum() || facts.postChecksum() != checksum[0])) {
            throw Source.damaged(store, bundle.key(), "its metadata has other checksums than its transactions");
        }
        return facts;
    }
}
