package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.ltx.Txid;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which objects of one level become the next object of the level above. Pure: decides by lists alone.
 *
 * <p>An object of level <i>n</i> joins whole objects of level <i>n</i>−1, without gaps, beginning where level <i>n</i>
 * ends, so that boundaries nest. Two rules come on top of that. Level 1 reaches the newest object of level 0; the levels
 * above leave out the newest object of level 1, which then is part of every plan of a restore: a reader that follows
 * level 1 would stall if it began inside of an object. And an object of level 0 that has several transactions and no
 * bundle of them stands for something that cannot be told one by one (a drop, lost transactions), and is never joined
 * with others.
 *
 * <p>Where objects overlap (two processes compacted at the same time, or an object of level 0 was replaced by two) the
 * one that reaches furthest counts.
 */
public final class CompactionPlan {
    /** How much an object of level 1 joins at most, unless it joins one object only: its bundle has the same size again. */
    static final long LEVEL_1_BYTES_MAX = 64L << 20;

    /**
     * The next object to make.
     *
     * @param level its level
     * @param sources objects of the level below, oldest first; each begins after the one before, none is missing
     */
    public record Step(int level, List<LtxObject> sources) {
        /** Copies the list. */
        public Step {
            sources = List.copyOf(sources);
        }

        /** The first transaction in it. */
        public long minTxid() {
            return sources.get(0).minTxid();
        }

        /** The last transaction in it. */
        public long maxTxid() {
            return sources.get(sources.size() - 1).maxTxid();
        }
    }

    /**
     * What is to be done at a level.
     *
     * @param step the next object, if there is something new
     * @param missingTxid the first transaction that is in no object of the level below, where the next one ought to
     *     begin (unsigned); 0 if none is missing
     */
    public record Next(Optional<Step> step, long missingTxid) {}

    private final List<LtxObject> sources;
    private final long limit;
    private final Set<LtxObject> alone;

    private CompactionPlan(List<LtxObject> sources, long limit, Set<LtxObject> alone) {
        this.sources = sources;
        this.limit = limit;
        this.alone = alone;
    }

    /**
     * Says what comes next at a level.
     *
     * @param level 1 to 8
     */
    public static Next next(int level, Holdings holdings) {
        List<LtxObject> sources = holdings.level(level - 1);
        long limit = level == 1 ? -1 : firstOfNewest(holdings) - 1;
        CompactionPlan plan =
                new CompactionPlan(sources, limit, level == 1 ? withoutSingles(sources, holdings) : Set.of());
        return plan.find(level, holdings);
    }

    /**
     * Where the next snapshot ends: where level 1 ends without its newest object.
     *
     * @return 0 if there is nothing newer than the newest snapshot
     */
    public static long snapshotTxid(Holdings holdings) {
        long limit = firstOfNewest(holdings) - 1;
        long reached = holdings.newest(ArchiveLayout.SNAPSHOT_LEVEL)
                .map(LtxObject::maxTxid)
                .orElse(0L);
        long best = 0;
        for (LtxObject object : holdings.level(1)) {
            if (Txid.compare(object.maxTxid(), limit) <= 0 && Txid.compare(object.maxTxid(), best) > 0) {
                best = object.maxTxid();
            }
        }
        return Txid.compare(best, reached) > 0 ? best : 0;
    }

    /**
     * What a snapshot is made of: the newest snapshot before it, then always the object that reaches furthest.
     *
     * @return empty if there is no chain to it
     */
    public static List<LtxObject> snapshotSources(Holdings holdings, long txid) {
        List<LtxObject> chain = new ArrayList<>();
        long reached = 0;
        for (LtxObject snapshot : holdings.snapshots()) {
            if (Txid.compare(snapshot.maxTxid(), txid) <= 0 && Txid.compare(snapshot.maxTxid(), reached) > 0) {
                reached = snapshot.maxTxid();
                chain = new ArrayList<>(List.of(snapshot));
            }
        }
        while (reached != txid) {
            LtxObject best = null;
            for (int level = ArchiveLayout.SNAPSHOT_LEVEL - 1; level >= 0; level--) {
                for (LtxObject object : holdings.level(level)) {
                    if (Txid.isContiguous(reached, object.minTxid(), object.maxTxid())
                            && Txid.compare(object.maxTxid(), txid) <= 0
                            && (best == null || Txid.compare(object.maxTxid(), best.maxTxid()) > 0)) {
                        best = object;
                    }
                }
            }
            if (best == null) {
                return List.of();
            }
            chain.add(best);
            reached = best.maxTxid();
        }
        return chain;
    }

    /** The first transaction of the newest object of level 1; 1 if there is none. */
    private static long firstOfNewest(Holdings holdings) {
        return holdings.newest(1).map(LtxObject::minTxid).orElse(1L);
    }

    private static Set<LtxObject> withoutSingles(List<LtxObject> sources, Holdings holdings) {
        record Range(long minTxid, long maxTxid) {}
        Set<Range> bundled = new HashSet<>();
        holdings.bundles().forEach(bundle -> bundled.add(new Range(bundle.minTxid(), bundle.maxTxid())));
        Set<LtxObject> alone = new HashSet<>();
        for (LtxObject source : sources) {
            if (source.minTxid() != source.maxTxid()
                    && !bundled.contains(new Range(source.minTxid(), source.maxTxid()))) {
                alone.add(source);
            }
        }
        return alone;
    }

    private Next find(int level, Holdings holdings) {
        long from = 1 + holdings.newest(level).map(LtxObject::maxTxid).orElse(0L);
        List<LtxObject> chain = chain(level, from);
        if (!chain.isEmpty()) {
            return new Next(Optional.of(new Step(level, chain)), 0);
        }
        LtxObject later = sources.stream()
                .filter(source ->
                        Txid.compare(source.minTxid(), from) > 0 && Txid.compare(source.maxTxid(), limit) <= 0)
                .findFirst()
                .orElse(null);
        if (later == null) {
            return new Next(Optional.empty(), 0);
        }
        // A level begins where the one below still begins; a hole is bridged by a snapshot that reaches over it.
        boolean begins = holdings.level(level).isEmpty();
        boolean bridged = holdings.snapshots().stream()
                .anyMatch(snapshot -> Txid.compare(snapshot.maxTxid(), later.minTxid() - 1) >= 0);
        return begins || bridged
                ? new Next(Optional.of(new Step(level, chain(level, later.minTxid()))), 0)
                : new Next(Optional.empty(), from);
    }

    private List<LtxObject> chain(int level, long from) {
        List<LtxObject> chain = new ArrayList<>();
        long bytes = 0;
        long next = from;
        for (int at = 0; ; ) {
            LtxObject best = null;
            while (at < sources.size() && Txid.compare(sources.get(at).minTxid(), next) <= 0) {
                LtxObject source = sources.get(at++);
                if (reaches(source, next) && (best == null || Txid.compare(source.maxTxid(), best.maxTxid()) >= 0)) {
                    best = source;
                }
            }
            if (best == null || !fits(level, chain, best, bytes)) {
                return chain;
            }
            chain.add(best);
            bytes += best.size();
            next = best.maxTxid() + 1;
        }
    }

    private boolean reaches(LtxObject source, long next) {
        return Txid.compare(source.maxTxid(), next) >= 0 && Txid.compare(source.maxTxid(), limit) <= 0;
    }

    private boolean fits(int level, List<LtxObject> chain, LtxObject source, long bytes) {
        if (chain.isEmpty()) {
            return true;
        }
        return !alone.contains(chain.get(0))
                && !alone.contains(source)
                && (level > 1 || bytes + source.size() <= LEVEL_1_BYTES_MAX);
    }
}
