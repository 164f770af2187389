package io.ltxfs.archive.plan;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveException.Kind;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord.Drop;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Finds what to read to come to a target.
 *
 * <p>Lists say which transactions some chain of objects leads to ({@link Chains}); a moment is turned into a transaction
 * ({@link TimeSearch}); the cheapest chain's objects are looked at by one small request each, all at once ({@link Peek}).
 * What is gone, damaged or belongs to a deposed primary is passed over, and the plan made again without it.
 */
public final class RestorePlanner {
    /** How many objects that were passed over a message names. */
    private static final int WARNINGS_MAX = 3;

    /** Where a target cannot be had: why, and what can be had before and after it. */
    private record Refusal(String why, OptionalLong before, OptionalLong after) {}

    private final Survey survey;
    private final RestoreTarget target;
    private final boolean nearest;

    private RestorePlanner(Survey survey, RestoreTarget target, boolean nearest) {
        this.survey = survey;
        this.target = target;
        this.nearest = nearest;
    }

    /**
     * Plans.
     *
     * @param nearest take the nearest transaction before the target, else after it, if the target cannot be had
     * @throws ArchiveException {@link ArchiveException.Kind#NOT_FOUND} if the target cannot be had, naming what can;
     *     {@link ArchiveException.Kind#FOREIGN} or {@link ArchiveException.Kind#DAMAGED} naming the object
     */
    public static RestorePlan plan(DatabaseArchive db, RestoreTarget target, boolean nearest) throws IOException {
        return plan(db, target, nearest, Set.of());
    }

    /**
     * Plans without some objects, because they were found to be gone or damaged.
     *
     * @param without their keys
     */
    public static RestorePlan plan(DatabaseArchive db, RestoreTarget target, boolean nearest, Set<String> without)
            throws IOException {
        try (Survey survey = new Survey(db, without)) {
            RestorePlanner planner = new RestorePlanner(survey, target, nearest);
            // Ends, because each turn passes over something more, or has made the lists anew, which is bounded.
            while (true) {
                try {
                    return planner.plan();
                } catch (PlanAgain again) {
                    // Without what was passed over.
                }
            }
        }
    }

    private RestorePlan plan() throws IOException, PlanAgain {
        if (survey.inventory().isEmpty() && survey.drops().isEmpty()) {
            throw new ArchiveException(
                    Kind.NOT_FOUND,
                    quoted() + ": there is nothing of it in "
                            + survey.db().store().describe() + passedOver()
                            + "; 'ltxfs archive list' shows what is there");
        }
        if (target instanceof RestoreTarget.AtTxid at) {
            return at(at.txid());
        }
        return target instanceof RestoreTarget.AtTime at ? at(at.time()) : end();
    }

    private RestorePlan end() throws IOException, PlanAgain {
        long last = survey.inventory().lastTxid();
        for (Drop drop : survey.drops()) {
            if (Txid.compare(last, drop.txid()) <= 0) {
                return refuse(dropped(drop));
            }
        }
        if (!survey.reachable().contains(last)) {
            // What a deposed primary put says nothing of where the history ends.
            for (LtxObject object : survey.endingAt(last)) {
                survey.peek(object);
            }
            survey.searchImages(last);
            return refuse(around(last, missingBefore(last)));
        }
        return assemble(last);
    }

    private RestorePlan at(long txid) throws IOException, PlanAgain {
        if (txid == 0) {
            throw new ArchiveException(
                    Kind.WRONG_USAGE, quoted() + ": TXID 0 is before the first transaction; TXIDs begin at 1");
        }
        for (Drop drop : survey.drops()) {
            if (drop.txid() == txid) {
                return refuse(dropped(drop));
            }
        }
        return reaches(txid) ? assemble(txid) : refuse(around(txid, whyNot(txid)));
    }

    private RestorePlan at(Instant time) throws IOException, PlanAgain {
        TimeSearch.Found found = TimeSearch.find(survey, time);
        Drop last = null;
        for (Drop drop : survey.drops()) {
            if (drop.timeMillis() <= time.toEpochMilli() && Txid.compare(found.txid(), drop.txid()) <= 0) {
                last = drop;
            }
        }
        if (last != null) {
            return refuse(dropped(last));
        }
        if (!found.exact()) {
            return refuse(new Refusal(
                    "which transaction was the last one at " + time + " is not known any more: single transactions"
                            + " are not kept for so long, or Litestream wrote the archive",
                    survey.reachable().atMost(found.txid()),
                    survey.reachable().atLeast(found.txid() + 1)));
        }
        if (found.txid() == 0) {
            return refuse(around(0, "its history in the archive begins after " + time));
        }
        return reaches(found.txid())
                ? assemble(found.txid())
                : refuse(around(
                        found.txid(),
                        "TXID " + Txid.format(found.txid()) + ", the last one at " + time + ", cannot be restored: "
                                + whyNot(found.txid())));
    }

    /** Whether some chain leads to a transaction; where an end is held that none leads to, it is searched for a base. */
    private boolean reaches(long txid) throws IOException, PlanAgain {
        if (survey.reachable().contains(txid)) {
            return true;
        }
        if (isHeldSingly(txid)) {
            survey.searchImages(txid);
        }
        return false;
    }

    private boolean isHeldSingly(long txid) {
        return !survey.endingAt(txid).isEmpty() || survey.bundleWith(txid).isPresent();
    }

    private Refusal around(long txid, String why) {
        return new Refusal(
                why, survey.reachable().atMost(txid), survey.reachable().atLeast(txid));
    }

    private Refusal dropped(Drop drop) {
        return new Refusal(
                "it was dropped at " + Instant.ofEpochMilli(drop.timeMillis()) + " (TXID " + Txid.format(drop.txid())
                        + ")",
                survey.reachable().atMost(drop.txid() - 1),
                survey.reachable().atLeast(drop.txid()));
    }

    private String whyNot(long txid) {
        long last = survey.inventory().lastTxid();
        if (Txid.compare(txid, last) > 0) {
            return "the archive ends at TXID " + Txid.format(last);
        }
        boolean isHeld = survey.inventory().objects().stream()
                .anyMatch(object ->
                        Txid.compare(object.minTxid(), txid) <= 0 && Txid.compare(object.maxTxid(), txid) >= 0);
        if (isHeldSingly(txid) || !isHeld) {
            return missingBefore(txid);
        }
        return "TXID " + Txid.format(txid) + " is kept merged with others only";
    }

    /** Says what is missing between what can be reached and a transaction. */
    private String missingBefore(long txid) {
        long reached = survey.reachable().atMost(txid).orElse(0);
        long next = survey.inventory().nextBegin(reached);
        if (next == 0) {
            return "the transactions from TXID " + Txid.format(reached + 1) + " on are missing in the archive";
        }
        if (next - reached == 2) {
            return "transaction " + Txid.format(reached + 1) + " is missing in the archive";
        }
        return "the transactions " + Txid.format(reached + 1) + " to " + Txid.format(next - 1)
                + " are missing in the archive";
    }

    /** Takes the nearest instead, or says what can be had. */
    private RestorePlan refuse(Refusal refusal) throws IOException, PlanAgain {
        if (nearest && refusal.before().isPresent()) {
            return assemble(refusal.before().getAsLong());
        }
        if (nearest && refusal.after().isPresent()) {
            return assemble(refusal.after().getAsLong());
        }
        StringBuilder message = new StringBuilder(quoted())
                .append(": ")
                .append(refusal.why())
                .append(passedOver())
                .append("; ");
        Optional<String> before = moment(refusal.before());
        Optional<String> after = moment(refusal.after());
        if (before.isEmpty() && after.isEmpty()) {
            message.append("nothing of it can be restored, 'ltxfs archive verify' says why");
        } else {
            message.append("the nearest that can be restored: ");
            before.ifPresent(text -> message.append(text).append(" before"));
            message.append(before.isPresent() && after.isPresent() ? ", " : "");
            after.ifPresent(text -> message.append(text).append(" after"));
            message.append(" (--txid takes one of them, --nearest the first)");
        }
        throw new ArchiveException(Kind.NOT_FOUND, message.toString());
    }

    private Optional<String> moment(OptionalLong txid) throws IOException, PlanAgain {
        if (txid.isEmpty()) {
            return Optional.empty();
        }
        RestorePlan plan = assemble(txid.getAsLong());
        return Optional.of("--txid " + Txid.format(plan.txid())
                + plan.time().map(time -> " of " + time).orElse(""));
    }

    private RestorePlan assemble(long txid) throws IOException, PlanAgain {
        return new PlanAssembler(survey).assemble(txid);
    }

    private String quoted() {
        return "'" + survey.db().name() + "'";
    }

    private String passedOver() {
        List<String> warnings = survey.warnings();
        if (warnings.isEmpty()) {
            return "";
        }
        int more = warnings.size() - WARNINGS_MAX;
        return " (" + String.join("; ", warnings.subList(0, Math.min(warnings.size(), WARNINGS_MAX)))
                + (more > 0 ? "; and " + more + " more" : "") + ")";
    }
}
