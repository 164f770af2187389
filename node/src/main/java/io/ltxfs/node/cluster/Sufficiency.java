package io.ltxfs.node.cluster;

import io.ltxfs.lease.Quorum;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether those that have promised are enough, so that everything that was acknowledged is on one of them (decision 11,
 * step 3).
 */
final class Sufficiency {
    private Sufficiency() {}

    /**
     * What is missing.
     *
     * @param quorum of the last primary; empty if there never was one
     * @param promised of each node that has promised, what it has; this node among them
     * @param allAsked whether all that can be reached have answered, or the time for it is over
     * @return empty if it is enough
     */
    static Optional<String> missing(Optional<Quorum> quorum, Map<String, Standing> promised, boolean allAsked) {
        if (quorum.isEmpty()) {
            return allAsked ? Optional.empty() : Optional.of("the answers of its peers");
        }
        Quorum last = quorum.get();
        if (hasAllOfIt(last, promised)) {
            return Optional.empty();
        }
        if (last.acks() == 0) {
            return allAsked ? Optional.empty() : Optional.of("the answers of its peers");
        }
        int needed = Math.max(1, last.voters().size() - last.acks() + 1);
        List<String> silent = new ArrayList<>();
        int answered = 0;
        for (Quorum.Voter voter : last.voters()) {
            Standing standing = promised.get(voter.node());
            // One with a lower history epoch lost its disk since it became a voter.
            if (standing != null && !Shared.isAbove(last.epoch(), standing.historyEpoch())) {
                answered++;
            } else {
                silent.add(voter.node());
            }
        }
        if (answered >= needed) {
            return Optional.empty();
        }
        String others = silent.isEmpty() || silent.size() < needed - answered
                ? ""
                : ", or " + (needed - answered) + " of " + String.join(", ", silent);
        return Optional.of(last.node() + others);
    }

    /**
     * Whether one of them alone has all: the last primary itself, with its own history; or whoever has the history of a later
     * epoch, which had learned all before it began, and had no time to be primary.
     */
    private static boolean hasAllOfIt(Quorum last, Map<String, Standing> promised) {
        Standing own = promised.get(last.node());
        if (own != null && !Shared.isAbove(last.epoch(), own.historyEpoch())) {
            return true;
        }
        return promised.values().stream().anyMatch(standing -> Shared.isAbove(standing.historyEpoch(), last.epoch()));
    }
}
