package io.ltxfs.archive.compact;

import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.LtxObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * An archive as lists of names, which random commits, uploads, compactions and retention change by the real plans, with
 * kills in the middle of everything. What must hold is checked after every step.
 */
final class PlanSimulation {
    private static final int LEVELS = 3;
    private static final long SNAPSHOT_EVERY_MILLIS = Duration.ofHours(24).toMillis();

    private final long seed;
    private final Random random;
    private final boolean concurrent;
    private final RetentionRules rules;
    private final Map<String, LtxObject> objects = new TreeMap<>();
    private final Map<String, BundleObject> bundles = new TreeMap<>();
    private final Set<String> damaged = new HashSet<>();
    private final Set<Long> lost = new HashSet<>();
    private final Set<Long> rebases = new HashSet<>();
    private final List<Long> commitMillis = new ArrayList<>(List.of(0L));
    private Optional<Holdings> stale = Optional.empty();
    private long now = 1_700_000_000_000L;
    private long uploaded;
    private long lastSnapshot;
    private int step;
    int deleted;

    PlanSimulation(long seed, boolean concurrent) {
        this.seed = seed;
        this.random = new Random(seed);
        this.concurrent = concurrent;
        int[] snapshotHours = {12, 72, 720};
        this.rules = new RetentionRules(
                Duration.ofMinutes(5),
                Duration.ofHours(24),
                Duration.ofHours(snapshotHours[random.nextInt(3)]),
                LEVELS);
    }

    void run(int steps) {
        for (step = 0; step < steps; step++) {
            int kind = random.nextInt(20);
            if (kind < 3) {
                pass();
            } else if (kind < 9) {
                commit();
            } else if (kind < 13) {
                upload();
            } else if (kind < 14) {
                split();
            } else if (kind < 18) {
                compact(1 + random.nextInt(random.nextInt(LEVELS) + 1));
            } else if (kind < 19) {
                snapshot();
            } else {
                retain();
            }
            check();
        }
    }

    private void pass() {
        long[] spans = {1_000, 30_000, 300_000, 3_600_000, 20_000_000};
        now += 1 + random.nextLong(spans[random.nextInt(spans.length)]);
    }

    private void commit() {
        int count = 1 + random.nextInt(random.nextInt(12) == 0 ? 30 : 4);
        for (int i = 0; i < count; i++) {
            now += random.nextInt(1500);
            commitMillis.add(now);
        }
    }

    private long committed() {
        return commitMillis.size() - 1;
    }

    private void upload() {
        while (uploaded < committed()) {
            long min = uploaded + 1;
            long max = min;
            while (min > 1
                    && max < committed()
                    && commitMillis.get((int) max + 1) - commitMillis.get((int) min) < 1000) {
                max++;
            }
            boolean lose = min > 1 && random.nextInt(40) == 0;
            if (lose) {
                max = Math.min(committed(), max + random.nextInt(3));
                for (long txid = min; txid < max; txid++) {
                    lost.add(txid);
                }
                rebases.add(max);
                put(9, 1, max);
            } else if (min != max) {
                putBundle(min, max);
            }
            if (random.nextInt(30) == 0) {
                return;
            }
            put(0, min, max);
            uploaded = max;
            if (max == 1) {
                put(1, 1, 1);
            }
        }
    }

    /** Replaces a newest object of level 0 that has several transactions by two; may be killed in between. */
    private void split() {
        LtxObject newest = Holdings.furthest(holdings().level(0)).orElse(null);
        if (newest == null || newest.minTxid() == newest.maxTxid() || lost.contains(newest.minTxid())) {
            return;
        }
        long last = newest.maxTxid();
        if (last - 1 > newest.minTxid()) {
            putBundle(newest.minTxid(), last - 1);
        }
        put(0, newest.minTxid(), last - 1);
        if (random.nextInt(4) == 0) {
            return;
        }
        put(0, last, last);
        if (random.nextInt(4) != 0) {
            objects.remove(newest.key());
        }
    }

    private void compact(int level) {
        Holdings holdings = holdings();
        if (concurrent && random.nextInt(6) == 0) {
            if (stale.isEmpty()) {
                stale = Optional.of(holdings);
                return;
            }
            holdings = stale.get();
            stale = Optional.empty();
        }
        CompactionPlan.Next next = CompactionPlan.next(level, holdings);
        require(next.missingTxid() == 0, "a hole at " + next.missingTxid() + " below level " + level);
        if (next.step().isEmpty()) {
            return;
        }
        CompactionPlan.Step made = next.step().get();
        require(
                made.sources().stream().allMatch(source -> objects.containsKey(source.key()) || concurrent),
                "compacts what is gone");
        boolean whole = made.sources().stream()
                .allMatch(source -> objects.containsKey(source.key()) && !damaged.contains(source.key()));
        if (!whole) {
            return;
        }
        boolean alone = made.sources().size() == 1
                && made.minTxid() != made.maxTxid()
                && holdings.bundle(made.minTxid(), made.maxTxid()).isEmpty();
        // Litestream makes no bundles, of objects that have one transaction each.
        boolean litestream = random.nextInt(20) == 0
                && made.sources().stream().allMatch(source -> source.minTxid() == source.maxTxid());
        if (level == 1 && made.minTxid() != made.maxTxid() && !alone && !litestream) {
            putBundle(made.minTxid(), made.maxTxid());
        }
        String key = put(level, made.minTxid(), made.maxTxid());
        // A kill between a bad put and its verification.
        if (random.nextInt(200) == 0) {
            damaged.add(key);
        }
    }

    private void snapshot() {
        if (now - lastSnapshot < SNAPSHOT_EVERY_MILLIS) {
            return;
        }
        long txid = CompactionPlan.snapshotTxid(holdings());
        if (txid != 0) {
            put(9, 1, txid);
            lastSnapshot = now;
        }
    }

    private void retain() {
        Holdings holdings = concurrent && random.nextInt(4) == 0 && stale.isPresent() ? stale.get() : holdings();
        List<RetentionPlan.Deletion> deletions =
                RetentionPlan.of(holdings, Instant.ofEpochMilli(now), rules).deletions();
        int kill = random.nextInt(3) == 0 ? random.nextInt(deletions.size() + 1) : deletions.size();
        Set<Integer> stopped = new HashSet<>();
        for (RetentionPlan.Deletion deletion : deletions.subList(0, kill)) {
            boolean verified = deletion.replacedBy().stream()
                    .allMatch(by -> (objects.containsKey(by.key()) || bundles.containsKey(by.key()))
                            && !damaged.contains(by.key()));
            if (!verified && deletion.level() != RetentionPlan.BUNDLE) {
                stopped.add(deletion.level());
            }
            if (verified && !stopped.contains(deletion.level())) {
                objects.remove(deletion.key());
                bundles.remove(deletion.key());
                deleted++;
            }
        }
    }

    private String put(int level, long min, long max) {
        String key = String.format("%d/%016x-%016x.ltx", level, min, max);
        objects.putIfAbsent(key, new LtxObject(level, min, max, key, 1000, time(max)));
        return key;
    }

    private void putBundle(long min, long max) {
        String key = String.format("b/%016x-%016x.ltxb", min, max);
        bundles.putIfAbsent(key, new BundleObject(min, max, key, 1000, time(max)));
    }

    private Instant time(long txid) {
        return Instant.ofEpochMilli(commitMillis.get((int) txid));
    }

    private Holdings holdings() {
        List<List<LtxObject>> levels = new ArrayList<>();
        for (int level = 0; level <= 9; level++) {
            int wanted = level;
            levels.add(objects.values().stream()
                    .filter(object -> object.level() == wanted)
                    .toList());
        }
        return new Holdings(levels, new ArrayList<>(bundles.values()));
    }

    private void check() {
        if (uploaded == 0) {
            return;
        }
        Holdings holdings = holdings();
        require(
                Holdings.furthest(holdings.level(0)).map(LtxObject::maxTxid).orElse(0L) >= uploaded,
                "level 0 does not end with the newest transaction");
        for (int level = 0; level < 9; level++) {
            checkLevel(holdings, level);
        }
        long end = Math.max(
                holdings.newest(0).orElseThrow().maxTxid(),
                holdings.newest(9).map(LtxObject::maxTxid).orElse(0L));
        List<LtxObject> plan = PlanModel.litestream(holdings);
        long ends = plan.isEmpty() ? 0 : plan.get(plan.size() - 1).maxTxid();
        require(ends == end, "a plan to the end ends at " + ends + " instead of " + end);
        // A snapshot that starts over reaches further than level 1 until the next object of level 1.
        boolean startsOver = !holdings.snapshots().isEmpty()
                && rebases.contains(holdings.newest(9).orElseThrow().maxTxid());
        require(
                plan.stream().anyMatch(object -> object.level() == 1) || startsOver,
                "a plan to the end has no object of level 1: " + plan);
        checkHistory(holdings);
    }

    private void checkLevel(Holdings holdings, int level) {
        long reached = 0;
        for (LtxObject object : holdings.level(level)) {
            boolean bridged =
                    holdings.snapshots().stream().anyMatch(snapshot -> snapshot.maxTxid() + 1 >= object.minTxid());
            require(
                    reached == 0 || object.minTxid() <= reached + 1 || bridged,
                    "a hole in level " + level + " at " + reached);
            boolean replaced = level == 0 && object.minTxid() <= reached;
            require(
                    concurrent || replaced || reached == 0 || object.minTxid() > reached,
                    "an overlap in level " + level + " at " + reached);
            reached = Math.max(reached, object.maxTxid());
            if (!concurrent && level > 0) {
                for (LtxObject below : holdings.level(level - 1)) {
                    boolean apart = below.maxTxid() < object.minTxid() || below.minTxid() > object.maxTxid();
                    boolean inside = below.minTxid() >= object.minTxid() && below.maxTxid() <= object.maxTxid();
                    require(apart || inside, object.key() + " cuts " + below.key());
                }
            }
        }
    }

    /** Every transaction that was the last one at some moment within history can be had exactly. */
    private void checkHistory(Holdings holdings) {
        List<LtxObject> whole = objects.values().stream()
                .filter(object -> !damaged.contains(object.key()))
                .sorted(Comparator.comparingLong(LtxObject::maxTxid))
                .toList();
        Set<Long> ends = PlanModel.ends(whole);
        Map<Long, Long> bundledTo = new HashMap<>();
        for (BundleObject bundle : holdings.bundles()) {
            for (long txid = bundle.minTxid(); txid <= bundle.maxTxid(); txid++) {
                bundledTo.merge(txid, bundle.maxTxid(), Math::max);
            }
        }
        long start = now - rules.history().toMillis();
        boolean had = false;
        for (long txid = 1; txid <= uploaded; txid++) {
            had = ends.contains(txid) || had && bundledTo.containsKey(txid);
            boolean within = txid == uploaded || commitMillis.get((int) txid + 1) > start;
            require(had || !within || lost.contains(txid), "transaction " + txid + " cannot be restored");
        }
    }

    private void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("seed " + seed + (concurrent ? " concurrent" : "") + " step " + step + ": " + what
                    + "\nlevels "
                    + holdings().levels().stream()
                            .map(level -> level.stream().map(LtxObject::key).toList())
                            .toList() + "\nbundles " + bundles.keySet() + "\ndamaged " + damaged + " rebases "
                    + rebases);
        }
    }
}
