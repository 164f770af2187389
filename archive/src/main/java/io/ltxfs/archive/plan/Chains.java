package io.ltxfs.archive.plan;

import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.ltx.Txid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which transactions the objects of an archive lead to, and by which of them most cheaply.
 *
 * <p>An object of the transactions {@code min..max} has the newest version of every page that they changed. So it leads from
 * any state {@code min-1..max-1} to {@code max}; a bundle leads from any state {@code min-1..max-1} to any later one of its
 * transactions. A chain begins at 0, before the first transaction, or where {@link Images} says. Since every step goes up, the cheapest chain is
 * found in one pass over the states in ascending order, each taking the cheapest way to itself. States at which some
 * object ends or may begin are enough: a slice of a bundle never needs to end elsewhere but at the target.
 *
 * <p>The cost of a step is its bytes and what it takes to open it. It is the sizes that are compared: which pages of
 * an object are needed in the end only its index would tell.
 */
final class Chains {
    /** What a step costs besides its bytes: reading the index takes at least this much. */
    private static final double STEP_COST = 32 * 1024;

    /**
     * One step: an LTX object or a slice of a bundle, whichever is there.
     *
     * @param from the state that it begins at: of a slice, the transaction before its first
     * @param to the state that it leads to
     */
    record Link(@Nullable LtxObject object, @Nullable BundleObject bundle, long from, long to) {
        static Link whole(LtxObject object) {
            return new Link(object, null, object.minTxid() - 1, object.maxTxid());
        }

        static Link slice(BundleObject bundle, long from, long to) {
            return new Link(null, bundle, from, to);
        }

        String key() {
            return object != null ? object.key() : bundleOnly().key();
        }

        BundleObject bundleOnly() {
            return Objects.requireNonNull(bundle);
        }
    }

    private final List<LtxObject> objects;
    private final List<BundleObject> bundles;
    private final Images images;

    Chains(List<LtxObject> objects, List<BundleObject> bundles, Images images) {
        this.images = images;
        this.objects = new ArrayList<>(objects);
        this.objects.sort(Comparator.comparing(LtxObject::maxTxid, Txid::compare));
        this.bundles = new ArrayList<>(bundles);
        this.bundles.sort(Comparator.comparing(BundleObject::minTxid, Txid::compare));
    }

    /** All transactions that some chain leads to. */
    TxidRanges reachable() {
        TxidRanges reached = new TxidRanges();
        reached.add(0, 0);
        for (LtxObject object : objects) {
            if (images.isWhole(object)) {
                reached.add(object.maxTxid(), object.maxTxid());
            }
        }
        for (BundleObject bundle : bundles) {
            OptionalLong image = images.firstIn(bundle);
            if (image.isPresent()) {
                reached.add(image.getAsLong(), bundle.maxTxid());
            }
        }
        for (boolean more = true; more; ) {
            more = false;
            for (BundleObject bundle : bundles) {
                OptionalLong from = reached.atLeast(bundle.minTxid() - 1);
                if (from.isPresent() && Txid.compare(from.getAsLong(), bundle.maxTxid()) < 0) {
                    more |= reached.add(from.getAsLong() + 1, bundle.maxTxid());
                }
            }
            for (LtxObject object : objects) {
                OptionalLong from = reached.atLeast(object.minTxid() - 1);
                if (from.isPresent() && Txid.compare(from.getAsLong(), object.maxTxid()) < 0) {
                    more |= reached.add(object.maxTxid(), object.maxTxid());
                }
            }
        }
        reached.remove(0);
        return reached;
    }

    /** The cheapest chain to a transaction; empty if there is none. */
    List<Link> to(long target) {
        long[] states = states(target);
        double[] costs = new double[states.length];
        @Nullable Link[] links = new Link[states.length];
        Arrays.fill(costs, Double.POSITIVE_INFINITY);
        costs[0] = 0;
        Lowest lowest = new Lowest(states, costs);
        lowest.add(0);
        List<Slices> open = new ArrayList<>();
        int nextBundle = 0;
        int nextObject = 0;
        for (int i = 0; i < states.length; i++) {
            long state = states[i];
            for (;
                    nextObject < objects.size()
                            && Txid.compare(objects.get(nextObject).maxTxid(), state) <= 0;
                    nextObject++) {
                LtxObject object = objects.get(nextObject);
                int from = images.isWhole(object) ? 0 : lowest.from(object.minTxid() - 1);
                if (from >= 0 && costs[from] + STEP_COST + object.size() < costs[i]) {
                    costs[i] = costs[from] + STEP_COST + object.size();
                    links[i] = new Link(object, null, states[from], state);
                }
            }
            open.removeIf(slices -> Txid.compare(slices.bundle.maxTxid(), state) < 0);
            for (Slices slices : open) {
                double cost = slices.costTo(state);
                if (cost < costs[i]) {
                    costs[i] = cost;
                    links[i] = new Link(null, slices.bundle, states[slices.from], state);
                }
            }
            if (i > 0 && state != target && images.isBefore(state)) {
                // Whatever leads on from here has the whole database.
                costs[i] = 0;
                links[i] = null;
            }
            if (i > 0) {
                lowest.add(i);
            }
            for (;
                    nextBundle < bundles.size()
                            && Txid.compare(bundles.get(nextBundle).minTxid() - 1, state) <= 0;
                    nextBundle++) {
                open.add(new Slices(bundles.get(nextBundle), states));
            }
            for (Slices slices : open) {
                slices.mayBeginAt(i, costs[i]);
            }
        }
        return costs[costs.length - 1] == Double.POSITIVE_INFINITY ? List.of() : path(states, links);
    }

    /** The states up to the target at which something ends or may begin, ascending; 0 first, the target last. */
    private long[] states(long target) {
        TreeSet<Long> states = new TreeSet<>(Txid::compare);
        states.add(0L);
        for (LtxObject object : objects) {
            states.add(object.minTxid() - 1);
            states.add(object.maxTxid());
        }
        for (BundleObject bundle : bundles) {
            states.add(bundle.minTxid() - 1);
            states.add(bundle.maxTxid());
        }
        for (long state : images.before()) {
            states.add(state);
        }
        states.add(target);
        return states.headSet(target, true).stream().mapToLong(Long::longValue).toArray();
    }

    private static List<Link> path(long[] states, @Nullable Link[] links) {
        List<Link> path = new ArrayList<>();
        int at = states.length - 1;
        for (Link link = links[at]; link != null; link = links[at]) {
            path.add(link);
            at = indexOf(states, link.from());
        }
        Collections.reverse(path);
        return path;
    }

    /** Binary search; the states are in ascending order as unsigned numbers. */
    private static int indexOf(long[] states, long state) {
        int low = 0;
        int high = states.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Txid.compare(states[middle], state) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * The cheapest of the last states: those that are cheaper than all after them, so both state and cost ascend.
     */
    private static final class Lowest {
        private final long[] states;
        private final double[] costs;
        private final int[] stack;
        private int size;

        Lowest(long[] states, double[] costs) {
            this.states = states;
            this.costs = costs;
            this.stack = new int[states.length];
        }

        void add(int i) {
            if (costs[i] == Double.POSITIVE_INFINITY) {
                return;
            }
            while (size > 0 && costs[stack[size - 1]] >= costs[i]) {
                size--;
            }
            stack[size++] = i;
        }

        /** The cheapest state that is not smaller; -1 if none was added. */
        int from(long state) {
            int low = 0;
            int high = size;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (Txid.compare(states[stack[middle]], state) < 0) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low == size ? -1 : stack[low];
        }
    }

    /** The slices of one bundle, by the best state to begin at. */
    private static final class Slices {
        private final BundleObject bundle;
        private final long[] states;
        private final double bytesEach;
        private double best = Double.POSITIVE_INFINITY;
        private int from = -1;

        Slices(BundleObject bundle, long[] states) {
            this.bundle = bundle;
            this.states = states;
            this.bytesEach = (double) bundle.size() / (bundle.maxTxid() - bundle.minTxid() + 1);
        }

        void mayBeginAt(int i, double cost) {
            if (Txid.compare(states[i], bundle.minTxid() - 1) < 0 || Txid.compare(states[i], bundle.maxTxid()) >= 0) {
                return;
            }
            double at = cost - bytesEach * (states[i] - bundle.minTxid() + 1);
            if (at < best) {
                best = at;
                from = i;
            }
        }

        double costTo(long state) {
            return from < 0 || states[from] == state
                    ? Double.POSITIVE_INFINITY
                    : best + STEP_COST + bytesEach * (state - bundle.minTxid() + 1);
        }
    }
}
