package io.ltxfs.archive.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseRecord.Drop;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.bundle.BundleReader;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.ObjectContent;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random histories, of which every transaction and every moment is asked, and compared with the states that were kept. */
class RestorePlannerTest {
    private static final int HISTORIES = 50;

    private int planned;
    private int refused;
    private String lastRefusal = "";

    @Test
    void leadsToEveryTransactionAndMomentThatIsKept() throws IOException {
        for (int seed = 0; seed < HISTORIES; seed++) {
            check(seed);
        }
        assertTrue(planned > 10 * HISTORIES && refused > 10 * HISTORIES, planned + " plans, " + refused + " refusals");
    }

    @Test
    @Tag("long")
    void leadsThereInManyHistories() throws IOException {
        long begin = new Random().nextInt();
        for (long seed = begin; seed < begin + 5000; seed++) {
            check(seed);
        }
    }

    private void check(long seed) throws IOException {
        Random random = new Random(seed);
        ArchiveLayout layout = random.nextBoolean() ? ArchiveLayout.S3 : ArchiveLayout.FILES;
        History history = new History(random, layout, random.nextInt(4) == 0);
        thin(random, history);
        Model model = new Model(history);
        String about = "seed " + seed;
        for (int txid = 1; txid <= history.last() + 2; txid++) {
            checkTxid(history, model, txid, about + ", txid " + txid);
        }
        long end = history.state(history.last()).millis();
        for (long millis = History.BEGIN.toEpochMilli() - 1; millis <= end + 1; ) {
            checkTime(history, model, millis, about + ", time " + Instant.ofEpochMilli(millis));
            millis += random.nextInt(4) == 0 ? 1 : 1 + random.nextInt(300);
        }
        for (History.State state : history.states.subList(1, history.states.size())) {
            checkTime(history, model, state.millis(), about + ", time of txid " + state.txid());
        }
        checkEnd(history, model, about);
        checkMoments(history, model, about);
    }

    /** What retention or bad luck has left: old low levels gone, or anything. */
    private static void thin(Random random, History history) throws IOException {
        int how = random.nextInt(3);
        List<LtxObject> objects = objects(history);
        List<BundleObject> bundles = history.db.listBundles(0);
        int old = random.nextInt(history.last() + 1);
        for (LtxObject object : objects) {
            boolean goes = how == 1
                    ? object.level() < 2 && object.maxTxid() < old && object.minTxid() != 1
                    : how == 2 && random.nextInt(3) == 0;
            if (goes) {
                history.db.store().delete(object.key());
            }
        }
        for (BundleObject bundle : bundles) {
            if (how == 1 ? bundle.maxTxid() < old : how == 2 && random.nextInt(3) == 0) {
                history.db.store().delete(bundle.key());
            }
        }
    }

    private static List<LtxObject> objects(History history) throws IOException {
        List<LtxObject> objects = new ArrayList<>();
        for (int level = 0; level <= ArchiveLayout.SNAPSHOT_LEVEL; level++) {
            objects.addAll(history.db.list(level, 0));
        }
        return objects;
    }

    /** What can be restored and what can be known, found by brute force. */
    private static final class Model {
        final TreeSet<Integer> restorable = new TreeSet<>();
        final TreeSet<Integer> known = new TreeSet<>();
        final TreeSet<Integer> drops = new TreeSet<>();
        /** What lists tell of what can be restored. */
        final TreeSet<Integer> listed = new TreeSet<>();

        int lastHeld;

        Model(History history) throws IOException {
            List<LtxObject> objects = objects(history);
            objects.removeIf(object -> history.stale.contains(object.key()));
            List<BundleObject> bundles = history.db.listBundles(0);
            for (Drop drop : history.drops()) {
                drops.add((int) drop.txid());
                known.add((int) drop.txid());
            }
            for (LtxObject object : objects) {
                known.add((int) object.maxTxid());
                lastHeld = Math.max(lastHeld, (int) object.maxTxid());
            }
            for (BundleObject bundle : bundles) {
                for (int txid = (int) bundle.minTxid(); txid <= bundle.maxTxid(); txid++) {
                    known.add(txid);
                    lastHeld = Math.max(lastHeld, txid);
                }
            }
            for (Moments.Range range :
                    Moments.of(history.db, false, history.stale).ranges()) {
                for (long txid = range.firstTxid(); txid <= range.lastTxid(); txid++) {
                    listed.add((int) txid);
                }
            }
            for (int target = 1; target <= history.last(); target++) {
                if (!drops.contains(target) && isReachable(history, objects, bundles, target)) {
                    restorable.add(target);
                }
            }
        }

        /** From the state before the target, or from an image, go back as far as page sizes agree. */
        private static boolean isReachable(
                History history, List<LtxObject> objects, List<BundleObject> bundles, int target) {
            int pageSize = history.state(target).pageSize();
            boolean[] reached = new boolean[target + 1];
            reached[0] = true;
            for (int state = 1; state <= target; state++) {
                for (LtxObject object : objects) {
                    if (object.maxTxid() == state && history.state(state).pageSize() == pageSize) {
                        reached[state] |= isWhole(history, (int) object.minTxid(), state);
                        for (int from = (int) object.minTxid() - 1; from < state; from++) {
                            reached[state] |= reached[from];
                        }
                    }
                }
                for (BundleObject bundle : bundles) {
                    if (bundle.minTxid() <= state
                            && state <= bundle.maxTxid()
                            && history.state(state).pageSize() == pageSize) {
                        reached[state] |= reached[state - 1] || isWhole(history, state, state);
                    }
                }
            }
            return reached[target];
        }

        /** Whether a range changed every page that there is in the end. */
        private static boolean isWhole(History history, int min, int max) {
            return History.changed(min, max, history.states)
                    .keySet()
                    .equals(history.state(max).pages().keySet());
        }
    }

    private void checkTxid(History history, Model model, int txid, String about) throws IOException {
        RestoreTarget target = new RestoreTarget.AtTxid(txid);
        Optional<RestorePlan> plan = plan(history, target, about);
        assertEquals(model.restorable.contains(txid), plan.isPresent(), () -> about + ": " + lastRefusal);
        if (plan.isPresent()) {
            assertEquals(txid, plan.get().txid(), about);
            compare(history, plan.get(), about);
        } else {
            checkNearest(history, model, target, txid, about);
        }
    }

    private void checkNearest(History history, Model model, RestoreTarget target, int at, String about)
            throws IOException {
        try {
            RestorePlan nearest = RestorePlanner.plan(history.db, target, true);
            assertTrue(model.restorable.contains((int) nearest.txid()), about);
            compare(history, nearest, about);
            if (nearest.txid() > at) {
                assertTrue(
                        model.restorable.headSet(at).stream().noneMatch(model.listed::contains),
                        about + ": took " + nearest.txid());
            } else {
                assertTrue(
                        model
                                .restorable
                                .subSet((int) nearest.txid() + 1, Math.max((int) nearest.txid() + 1, at))
                                .stream()
                                .noneMatch(model.listed::contains),
                        about + ": took " + nearest.txid());
            }
        } catch (ArchiveException e) {
            assertEquals(ArchiveException.Kind.NOT_FOUND, e.kind(), () -> about + e);
            assertTrue(model.restorable.stream().noneMatch(model.listed::contains), () -> about + e);
        }
    }

    private void checkTime(History history, Model model, long millis, String about) throws IOException {
        RestoreTarget target = new RestoreTarget.AtTime(Instant.ofEpochMilli(millis));
        int last = 0;
        for (History.State state : history.states) {
            last = state.millis() <= millis ? (int) state.txid() : last;
        }
        Optional<RestorePlan> plan = plan(history, target, about);
        Integer knownLast = model.known.floor(last);
        boolean isKnown = last > 0
                && knownLast != null
                && knownLast == last
                && (last == model.known.last() || model.known.contains(last + 1));
        if (plan.isPresent()) {
            // The archive ends before the history where lost transactions are its last.
            assertEquals(
                    last > model.lastHeld ? model.lastHeld : last,
                    (int) plan.get().txid(),
                    about);
            compare(history, plan.get(), about);
        } else {
            assertFalse(isKnown && model.restorable.contains(last) && model.listed.contains(last), about);
            checkNearest(history, model, target, last, about);
        }
    }

    private void checkEnd(History history, Model model, String about) throws IOException {
        Optional<RestorePlan> plan = plan(history, new RestoreTarget.End(), about);
        boolean isDropped = !model.drops.isEmpty() && model.drops.last() >= model.lastHeld;
        if (plan.isPresent()) {
            assertFalse(isDropped, about);
            assertEquals(model.lastHeld, (int) plan.get().txid(), about);
            compare(history, plan.get(), about);
        } else {
            assertFalse(!isDropped && model.listed.contains(model.lastHeld), about);
        }
    }

    private static void checkMoments(History history, Model model, String about) throws IOException {
        for (Moments.Range range : Moments.of(history.db, true, history.stale).ranges()) {
            long first = history.state(range.firstTxid()).millis();
            long last = history.state(range.lastTxid()).millis();
            assertEquals(Optional.of(Instant.ofEpochMilli(first)), range.firstTime(), about);
            assertEquals(Optional.of(Instant.ofEpochMilli(last)), range.lastTime(), about);
        }
        assertTrue(model.known.containsAll(model.listed), about);
    }

    private Optional<RestorePlan> plan(History history, RestoreTarget target, String about) throws IOException {
        try {
            RestorePlan plan = RestorePlanner.plan(history.db, target, false);
            planned++;
            return Optional.of(plan);
        } catch (ArchiveException e) {
            refused++;
            lastRefusal = String.valueOf(e.getMessage());
            assertNotEquals(ArchiveException.Kind.FOREIGN, e.kind(), () -> about + ": " + e);
            return Optional.empty();
        } catch (RuntimeException e) {
            throw new AssertionError(about, e);
        }
    }

    /** Applies a plan the plain way and compares with the state. */
    private static void compare(History history, RestorePlan plan, String about) throws IOException {
        History.State state = history.state(plan.txid());
        assertEquals(state.pageSize(), plan.pageSize(), about);
        assertEquals(Optional.of(Instant.ofEpochMilli(state.millis())), plan.time(), about);
        assertTrue(plan.checksum() == 0 || plan.checksum() == state.checksum(), about);
        TreeMap<Integer, byte[]> pages = new TreeMap<>();
        long reached = 0;
        for (Step step : plan.steps()) {
            assertFalse(history.stale.contains(step.key()), about);
            if (step instanceof Step.Whole whole) {
                assertTrue(
                        reached == 0 || Txid.isContiguous(reached, step.fromTxid(), step.toTxid()),
                        about + plan.steps());
                try (ObjectContent content = history.db.store().get(whole.key())) {
                    apply(LtxReader.open(content.stream()), plan, pages);
                }
            } else if (step instanceof Step.Slice slice) {
                boolean isWhole =
                        reached == 0 && slice.table().of(slice.fromTxid()).isWhole();
                assertTrue(isWhole || slice.fromTxid() == reached + 1, about + plan.steps());
                BundleReader.open(history.db.store(), slice.bundle())
                        .read(slice.fromTxid(), slice.toTxid(), (entry, ltx) -> apply(ltx, plan, pages));
            }
            reached = step.toTxid();
        }
        assertEquals(plan.txid(), reached, about);
        assertEquals(state.pages().keySet(), pages.keySet(), about);
        for (var page : state.pages().entrySet()) {
            assertArrayEquals(page.getValue(), pages.get(page.getKey()), about + ", page " + page.getKey());
        }
    }

    private static void apply(LtxReader ltx, RestorePlan plan, TreeMap<Integer, byte[]> pages) throws IOException {
        assertEquals(plan.pageSize(), ltx.header().pageSize(), () -> String.valueOf(plan));
        byte[] page = new byte[ltx.header().pageSize()];
        for (int pgno = ltx.nextPage(page); pgno != 0; pgno = ltx.nextPage(page)) {
            pages.put(pgno, page.clone());
        }
        ltx.finish();
        pages.tailMap(ltx.header().commit(), false).clear();
    }
}
