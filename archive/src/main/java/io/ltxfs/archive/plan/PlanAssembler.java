package io.ltxfs.archive.plan;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveException.Kind;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.bundle.BundleEntry;
import io.ltxfs.archive.bundle.BundleTable;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Makes a plan of the cheapest chain to a transaction whose objects are all good, fit each other's page size, and
 * belong to one history.
 */
final class PlanAssembler {
    /** What a plan says of its last transaction. */
    private record Arrival(Optional<Instant> time, int pageSize, long checksum) {}

    private final Survey survey;

    PlanAssembler(Survey survey) {
        this.survey = survey;
    }

    RestorePlan assemble(long txid) throws IOException, PlanAgain {
        // Of what Litestream wrote, the snapshots are copies of the database, and so the best base there is: its deltas
        // may
        // miss a change that it made itself. With our checksums it does not matter.
        if (survey.record().isEmpty()) {
            Optional<RestorePlan> plan = assemble(txid, survey.otherBases(txid));
            if (plan.isPresent()) {
                return plan.get();
            }
        }
        Optional<RestorePlan> plan = assemble(txid, Set.of());
        if (plan.isPresent()) {
            return plan.get();
        }
        // The page size changed, and the snapshot that was put then is missing.
        survey.searchImages(txid);
        throw survey.unreachable(txid);
    }

    /** A plan without some objects; empty if there is none. */
    private Optional<RestorePlan> assemble(long txid, Set<String> excluded) throws IOException, PlanAgain {
        Set<String> otherPageSize = new HashSet<>(excluded);
        while (true) {
            List<Chains.Link> links = survey.chains(otherPageSize).to(txid);
            if (links.isEmpty()) {
                return Optional.empty();
            }
            List<Peek> peeks = survey.peek(links);
            List<Step> steps = cut(steps(links, peeks));
            Arrival arrival = arrival(links, peeks);
            Map<String, Peek> peekByKey = new HashMap<>();
            for (int i = 0; i < links.size(); i++) {
                peekByKey.put(links.get(i).key(), peeks.get(i));
            }
            if (!collectOthers(steps, arrival.pageSize(), peekByKey, otherPageSize)) {
                checkLineage(steps);
                return Optional.of(new RestorePlan(
                        survey.db().name(),
                        txid,
                        arrival.time(),
                        arrival.pageSize(),
                        arrival.checksum(),
                        owner(steps),
                        steps,
                        survey.requests(),
                        survey.warnings()));
            }
        }
    }

    private static List<Step> steps(List<Chains.Link> links, List<Peek> peeks) {
        List<Step> steps = new ArrayList<>();
        for (int i = 0; i < links.size(); i++) {
            Chains.Link link = links.get(i);
            Peek peek = peeks.get(i);
            LtxObject object = link.object();
            steps.add(
                    object != null
                            ? new Step.Whole(object, peek.facts())
                            : new Step.Slice(
                                    link.bundleOnly(), peek.facts(), peek.tableOnly(), link.from() + 1, link.to()));
        }
        return steps;
    }

    /** Leaves out what comes before a whole image in a slice. */
    private static List<Step> cut(List<Step> steps) {
        for (int i = steps.size() - 1; i >= 0; i--) {
            if (!(steps.get(i) instanceof Step.Slice slice)) {
                continue;
            }
            BundleTable table = slice.table();
            for (long txid = slice.toTxid(); Txid.compare(txid, slice.fromTxid()) >= 0; txid--) {
                if (table.of(txid).isWhole()) {
                    List<Step> rest = new ArrayList<>(steps.subList(i, steps.size()));
                    rest.set(0, new Step.Slice(slice.bundle(), slice.facts(), table, txid, slice.toTxid()));
                    return rest;
                }
            }
        }
        return steps;
    }

    private static Arrival arrival(List<Chains.Link> links, List<Peek> peeks) {
        Chains.Link link = links.get(links.size() - 1);
        Peek peek = peeks.get(peeks.size() - 1);
        if (link.object() != null) {
            return new Arrival(
                    peek.headerTime(),
                    peek.headerOnly().pageSize(),
                    peek.facts().postChecksum());
        }
        BundleEntry entry = peek.tableOnly().of(link.to());
        return new Arrival(
                Optional.of(Instant.ofEpochMilli(entry.timestampMillis())), entry.pageSize(), entry.postChecksum());
    }

    /** Collects the objects whose page size is not that of the target; returns whether there are any. */
    private static boolean collectOthers(List<Step> steps, int pageSize, Map<String, Peek> peeks, Set<String> others) {
        boolean found = false;
        for (Step step : steps) {
            int own = step instanceof Step.Slice slice
                    ? slice.table().of(slice.fromTxid()).pageSize()
                    : Objects.requireNonNull(peeks.get(step.key())).headerOnly().pageSize();
            if (own != pageSize) {
                found |= others.add(step.key());
            }
        }
        return found;
    }

    private void checkLineage(List<Step> steps) throws ArchiveException {
        Optional<Step> first = Optional.empty();
        for (Step step : steps) {
            if (step.facts().lineage().isEmpty()) {
                continue;
            }
            if (first.isPresent()
                    && !first.get().facts().lineage().equals(step.facts().lineage())) {
                throw new ArchiveException(
                        Kind.FOREIGN,
                        survey.db().store().describe(step.key()) + " belongs to the history "
                                + step.facts().lineage().get() + ", "
                                + survey.db().store().describe(first.get().key()) + " to "
                                + first.get().facts().lineage().get()
                                + "; move away what does not belong to the database");
            }
            first = Optional.of(step);
        }
    }

    private static Optional<ObjectFacts.Owner> owner(List<Step> steps) {
        Optional<ObjectFacts.Owner> owner = Optional.empty();
        for (Step step : steps) {
            if (step.facts().owner().isPresent()) {
                owner = step.facts().owner();
            }
        }
        return owner;
    }
}
