package io.ltxfs.node.cluster;

import io.ltxfs.node.cluster.Standing.Place;
import java.util.Map;

/** Which of two nodes has more. */
final class Ranking {
    private Ranking() {}

    /** Whether the first has a higher history epoch, or with the same one is nowhere behind and somewhere ahead. */
    static boolean isBetter(Standing one, Standing other) {
        if (one.historyEpoch() != other.historyEpoch()) {
            return Shared.isAbove(one.historyEpoch(), other.historyEpoch());
        }
        return isAhead(one.positions(), other.positions()) && !isAhead(other.positions(), one.positions());
    }

    /** Whether the first has something that the second does not have. */
    static boolean isAhead(Map<String, Place> one, Map<String, Place> other) {
        return one.entrySet().stream()
                .anyMatch(entry -> Shared.isAbove(entry.getValue().txid(), txid(other.get(entry.getKey()))));
    }

    /** Whether the first has all that the second has. */
    static boolean covers(Map<String, Place> one, Map<String, Place> other) {
        return !isAhead(other, one);
    }

    static long txid(@org.jspecify.annotations.Nullable Place place) {
        return place == null ? 0 : place.txid();
    }
}
