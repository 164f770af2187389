package io.ltxfs.archive.plan;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveException.Kind;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.ltx.Txid;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The plan that Litestream's {@code restore} makes of the same objects, step for step: the newest snapshot by name, then
 * from any level the object that reaches furthest. It tells what a Litestream user gets of an archive: whether a
 * transaction or a time can be restored at all, and how much is read for it.
 *
 * <p>At a time it may silently end early (it does not look for holes then), and takes what is older than the time only.
 */
public final class LitestreamPlan {
    /** As a list gives them. */
    private static final Comparator<LtxObject> NAME_ORDER =
            Comparator.comparing(LtxObject::minTxid, Txid::compare).thenComparing(LtxObject::maxTxid, Txid::compare);

    private final long target;
    private final Optional<Instant> time;
    private final Function<LtxObject, Instant> createdAt;

    private LitestreamPlan(long target, Optional<Instant> time, Function<LtxObject, Instant> createdAt) {
        this.target = target;
        this.time = time;
        this.createdAt = createdAt;
    }

    /**
     * Plans.
     *
     * @param objects of all levels, in any order
     * @param txid where to end; 0 for the end
     * @param time what is older is taken; not together with {@code txid}
     * @param createdAt an object's time as Litestream sees it
     * @throws ArchiveException {@link Kind#NOT_FOUND} where Litestream refuses
     */
    public static List<LtxObject> plan(
            List<LtxObject> objects, long txid, Optional<Instant> time, Function<LtxObject, Instant> createdAt)
            throws ArchiveException {
        if (txid != 0 && time.isPresent()) {
            throw new ArchiveException(Kind.WRONG_USAGE, "a transaction and a time cannot both be restored");
        }
        return new LitestreamPlan(txid, time, createdAt).plan(objects);
    }

    private List<LtxObject> plan(List<LtxObject> objects) throws ArchiveException {
        List<LtxObject> plan = new ArrayList<>();
        level(objects, ArchiveLayout.SNAPSHOT_LEVEL).stream()
                .filter(this::isWanted)
                .reduce((first, second) -> second)
                .ifPresent(plan::add);
        long reached = plan.isEmpty() ? 0 : plan.get(0).maxTxid();
        if (target != 0 && Txid.compare(reached, target) >= 0) {
            return plan;
        }
        List<Cursor> cursors = new ArrayList<>();
        for (int level = ArchiveLayout.SNAPSHOT_LEVEL - 1; level >= 0; level--) {
            cursors.add(new Cursor(level(objects, level)));
        }
        while (true) {
            Cursor next = null;
            for (Cursor cursor : cursors) {
                cursor.refresh(reached);
                if (cursor.candidate != null
                        && (next == null || next.candidate == null || isBetter(cursor.candidate, next.candidate))) {
                    next = cursor;
                }
            }
            if (next == null || next.candidate == null) {
                break;
            }
            plan.add(next.candidate);
            reached = next.candidate.maxTxid();
            next.candidate = null;
            if (target != 0 && Txid.compare(reached, target) >= 0) {
                break;
            }
        }
        check(plan, reached, cursors);
        return plan;
    }

    private void check(List<LtxObject> plan, long reached, List<Cursor> cursors) throws ArchiveException {
        if (!plan.isEmpty() && target == 0 && time.isEmpty()) {
            for (Cursor cursor : cursors) {
                LtxObject following = cursor.following();
                if (following != null && Txid.compare(following.minTxid(), reached + 1) > 0) {
                    throw new ArchiveException(
                            Kind.NOT_FOUND,
                            "the objects reach TXID " + Txid.format(reached) + ", the next one begins at "
                                    + Txid.format(following.minTxid()));
                }
            }
        }
        if (plan.isEmpty() || target != 0 && Txid.compare(reached, target) < 0) {
            throw new ArchiveException(Kind.NOT_FOUND, "no objects lead there");
        }
    }

    private static List<LtxObject> level(List<LtxObject> objects, int level) {
        return objects.stream()
                .filter(object -> object.level() == level)
                .sorted(NAME_ORDER)
                .collect(Collectors.toList());
    }

    private boolean isWanted(LtxObject object) {
        return (target == 0 || Txid.compare(object.maxTxid(), target) <= 0)
                && (time.isEmpty() || createdAt.apply(object).isBefore(time.get()));
    }

    private boolean isBetter(LtxObject object, LtxObject than) {
        if (object.maxTxid() != than.maxTxid()) {
            return Txid.compare(object.maxTxid(), than.maxTxid()) > 0;
        }
        if (object.minTxid() != than.minTxid()) {
            return Txid.compare(object.minTxid(), than.minTxid()) < 0;
        }
        if (object.level() != than.level()) {
            return object.level() > than.level();
        }
        return createdAt.apply(object).isBefore(createdAt.apply(than));
    }

    /** One level, read once from its first object on. */
    private final class Cursor {
        private final List<LtxObject> objects;
        private int at;
        private @Nullable LtxObject candidate;

        Cursor(List<LtxObject> objects) {
            this.objects = objects;
        }

        /** The first object that was not looked at, because it begins too late. */
        @Nullable
        LtxObject following() {
            return at < objects.size() ? objects.get(at) : null;
        }

        void refresh(long reached) {
            if (candidate != null && Txid.compare(candidate.maxTxid(), reached) <= 0) {
                candidate = null;
            }
            for (LtxObject object = following();
                    object != null && Txid.compare(object.minTxid(), reached + 1) <= 0;
                    object = following()) {
                at++;
                if (Txid.compare(object.maxTxid(), reached) > 0
                        && isWanted(object)
                        && (candidate == null || isBetter(object, candidate))) {
                    candidate = object;
                }
            }
        }
    }
}
