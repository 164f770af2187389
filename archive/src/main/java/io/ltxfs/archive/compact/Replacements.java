package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.bundle.BundleReader;
import io.ltxfs.archive.upload.Spool;
import io.ltxfs.ltx.LtxCompactor;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What else has the transactions of a damaged object: smaller objects, or a bundle. */
final class Replacements {
    private final DatabaseArchive database;
    private final Spool spool;
    private final Holdings holdings;

    Replacements(DatabaseArchive database, Spool spool, Holdings holdings) {
        this.database = database;
        this.spool = spool;
        this.holdings = holdings;
    }

    /**
     * Adds the transactions of a damaged object.
     *
     * @throws ArchiveException if nothing else has them
     */
    void add(LtxObject damaged, Merger merger) throws IOException {
        for (int level = damaged.level() - 1; level >= 0; level--) {
            List<LtxObject> chain = chain(damaged, level);
            if (!chain.isEmpty() && isWhole(chain)) {
                for (LtxObject object : chain) {
                    merger.add(new LevelMaker.ObjectInput(database, object));
                }
                return;
            }
        }
        for (BundleObject bundle : holdings.bundles()) {
            if (Txid.compare(bundle.minTxid(), damaged.minTxid()) <= 0
                    && Txid.compare(bundle.maxTxid(), damaged.maxTxid()) >= 0) {
                addBundle(damaged, bundle, merger);
                return;
            }
        }
        throw Source.damaged(database.store(), damaged.key(), "and nothing else has its transactions");
    }

    private List<LtxObject> chain(LtxObject damaged, int level) {
        List<LtxObject> chain = new ArrayList<>();
        long next = damaged.minTxid();
        for (LtxObject object : holdings.level(level)) {
            if (object.minTxid() == next && Txid.compare(object.maxTxid(), damaged.maxTxid()) <= 0) {
                chain.add(object);
                next = object.maxTxid() + 1;
            }
        }
        return next == damaged.maxTxid() + 1 ? chain : List.of();
    }

    private boolean isWhole(List<LtxObject> chain) throws IOException {
        ObjectVerifier verifier = new ObjectVerifier(database);
        try {
            for (LtxObject object : chain) {
                verifier.verify(object);
            }
            return true;
        } catch (ArchiveException e) {
            return false;
        }
    }

    private void addBundle(LtxObject damaged, BundleObject bundle, Merger merger) throws IOException {
        BundleReader.open(database.store(), bundle).read(damaged.minTxid(), damaged.maxTxid(), (entry, ltx) -> {
            Merger.Spooled copy = new Merger.Spooled(spool.create());
            try {
                copy(ltx, copy.item);
            } catch (IOException | RuntimeException e) {
                copy.close();
                throw e;
            }
            merger.add(copy);
        });
    }

    private static void copy(LtxReader ltx, Spool.Item out) throws IOException {
        LtxCompactor.compact(
                List.of(ltx),
                out,
                new LtxCompactor.Options(PageCoding.BLOCK, false, true, LtxCompactor.Growth.REFUSE_MISSING));
    }
}
