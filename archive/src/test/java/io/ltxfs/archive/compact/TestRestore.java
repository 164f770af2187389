package io.ltxfs.archive.compact;

import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.bundle.BundleReader;
import io.ltxfs.ltx.LtxReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/** Restores by the simplest rules: a chain of objects that ends at the target, or before it and then a bundle. */
final class TestRestore {
    private final DatabaseArchive database;
    private final Holdings holdings;
    private byte[] content = new byte[0];
    private long reached;

    TestRestore(DatabaseArchive database) throws IOException {
        this.database = database;
        this.holdings = Holdings.read(database);
    }

    /** The ends of all objects. */
    SortedSet<Long> ends() {
        SortedSet<Long> ends = new TreeSet<>();
        for (List<LtxObject> level : holdings.levels()) {
            level.forEach(object -> ends.add(object.maxTxid()));
        }
        return ends;
    }

    /** The database at a transaction; empty if it cannot be had. */
    Optional<byte[]> at(long txid) throws IOException {
        for (long base = txid; base >= 0; base--) {
            List<LtxObject> chain = chain(base);
            List<BundleObject> bundles = bundles(base, txid);
            boolean ends =
                    chain.isEmpty() ? base == 0 : chain.get(chain.size() - 1).maxTxid() == base;
            boolean reaches = base == txid
                    || !bundles.isEmpty() && bundles.get(bundles.size() - 1).maxTxid() >= txid;
            if (ends && reaches && txid > 0) {
                return Optional.of(restore(chain, bundles, txid));
            }
        }
        return Optional.empty();
    }

    private List<LtxObject> chain(long txid) {
        return CompactionPlan.snapshotSources(holdings, txid);
    }

    private List<BundleObject> bundles(long base, long txid) {
        List<BundleObject> found = new ArrayList<>();
        long next = base + 1;
        while (next <= txid) {
            BundleObject best = null;
            for (BundleObject bundle : holdings.bundles()) {
                if (bundle.minTxid() <= next
                        && bundle.maxTxid() >= next
                        && (best == null || bundle.maxTxid() > best.maxTxid())) {
                    best = bundle;
                }
            }
            if (best == null) {
                return List.of();
            }
            found.add(best);
            next = best.maxTxid() + 1;
        }
        return found;
    }

    private byte[] restore(List<LtxObject> chain, List<BundleObject> bundles, long txid) throws IOException {
        content = new byte[0];
        reached = 0;
        for (LtxObject object : chain) {
            try (LtxReader reader = LtxReader.open(database.store().get(object.key()).stream())) {
                apply(reader);
            }
            reached = object.maxTxid();
        }
        for (BundleObject bundle : bundles) {
            BundleReader.open(database.store(), bundle)
                    .read(
                            Math.max(bundle.minTxid(), reached + 1),
                            Math.min(bundle.maxTxid(), txid),
                            (entry, ltx) -> apply(ltx));
            reached = Math.min(bundle.maxTxid(), txid);
        }
        return content;
    }

    private void apply(LtxReader reader) throws IOException {
        int pageSize = reader.header().pageSize();
        content = Arrays.copyOf(content, reader.header().commit() * pageSize);
        byte[] page = new byte[pageSize];
        for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
            System.arraycopy(page, 0, content, (pgno - 1) * pageSize, pageSize);
        }
        reader.finish();
    }
}
