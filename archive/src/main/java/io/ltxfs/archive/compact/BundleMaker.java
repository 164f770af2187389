package io.ltxfs.archive.compact;

import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.bundle.BundleReader;
import io.ltxfs.archive.bundle.BundleWriter;
import io.ltxfs.archive.upload.Spool;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.LtxWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.util.List;

/** Makes the bundle of an object of level 1: the single transactions of its sources, from these or from their bundles. */
final class BundleMaker {
    private final DatabaseArchive database;
    private final Holdings holdings;

    BundleMaker(DatabaseArchive database, Holdings holdings) {
        this.database = database;
        this.holdings = holdings;
    }

    /** Writes the transactions of objects of level 0 that have checksums. */
    void write(List<Probe> sources, Spool.Item out) throws IOException {
        BundleWriter writer = new BundleWriter(new BufferedOutputStream(out));
        for (Probe source : sources) {
            LtxObject object = source.object();
            if (object.minTxid() == object.maxTxid()) {
                copyObject(source, writer);
            } else {
                copyBundle(source, writer);
            }
        }
        writer.finish();
    }

    private void copyObject(Probe source, BundleWriter writer) throws IOException {
        try (Source opened = Source.open(database, source.object())) {
            copy(opened.reader(), source.facts().preChecksum(), source.facts().postChecksum(), writer);
        } catch (LtxFormatException e) {
            throw Source.damaged(database.store(), source.object().key(), String.valueOf(e.getMessage()));
        }
    }

    private void copyBundle(Probe source, BundleWriter writer) throws IOException {
        LtxObject object = source.object();
        BundleObject bundle = holdings.bundle(object.minTxid(), object.maxTxid())
                .orElseThrow(() -> Source.damaged(
                        database.store(),
                        database.bundleKey(object.minTxid(), object.maxTxid()),
                        "it is not there any more"));
        BundleReader reader = BundleReader.open(database.store(), bundle);
        if (reader.table().of(bundle.minTxid()).preChecksum() != source.facts().preChecksum()
                || reader.table().of(bundle.maxTxid()).postChecksum()
                        != source.facts().postChecksum()) {
            throw Source.damaged(database.store(), bundle.key(), "it has other checksums than " + object.key());
        }
        reader.read(
                bundle.minTxid(),
                bundle.maxTxid(),
                (entry, ltx) -> copy(ltx, entry.preChecksum(), entry.postChecksum(), writer));
    }

    private static void copy(LtxReader reader, long preChecksum, long postChecksum, BundleWriter writer)
            throws IOException {
        LtxHeader header = reader.header();
        LtxWriter out = writer.begin(LtxHeader.delta(
                header.pageSize(),
                header.commit(),
                header.minTxid(),
                header.maxTxid(),
                header.timestampMillis(),
                preChecksum));
        byte[] page = new byte[header.pageSize()];
        for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
            out.writePage(pgno, page, 0);
        }
        reader.finish();
        writer.end(out.finish(postChecksum));
    }
}
