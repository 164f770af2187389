package io.ltxfs.node.cluster;

import static io.ltxfs.node.cluster.Machine.quorum;
import static io.ltxfs.node.cluster.Machine.standing;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.lease.Quorum;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Whose promises are enough (decision 11, step 3). */
final class SufficiencyTest {
    private static final long EPOCH = 7;

    private static boolean suffices(Quorum quorum, boolean allAsked, Standing... standings) {
        Map<String, Standing> promised = new HashMap<>();
        for (Standing standing : standings) {
            promised.put(standing.node(), standing);
        }
        return Sufficiency.missing(Optional.of(quorum), promised, allAsked).isEmpty();
    }

    /** The reason for the rule, tried with every set of voters up to five that has acknowledged, and every one that answers. */
    @Test
    void whateverAnswersSomeoneWhoAcknowledgedIsAmongThem() {
        for (int voters = 1; voters <= 5; voters++) {
            for (int acks = 1; acks <= voters; acks++) {
                for (int answering = 0; answering < 1 << voters; answering++) {
                    List<String> names = new ArrayList<>();
                    List<Standing> answers = new ArrayList<>();
                    for (int voter = 0; voter < voters; voter++) {
                        names.add("v" + voter);
                        if ((answering & 1 << voter) != 0) {
                            answers.add(standing("v" + voter, 9, EPOCH));
                        }
                    }
                    boolean enough = suffices(
                            quorum(EPOCH, "p", acks, names.toArray(String[]::new)),
                            true,
                            answers.toArray(Standing[]::new));
                    boolean always = true;
                    for (int acknowledging = 0; acknowledging < 1 << voters; acknowledging++) {
                        if (Integer.bitCount(acknowledging) == acks) {
                            always &= (acknowledging & answering) != 0;
                        }
                    }
                    assertEquals(always, enough, voters + " voters, " + acks + " acks, answers " + answers);
                }
            }
        }
    }

    @Test
    void withMoreAcksThanVotersOneVoterIsNeededForWhatEarlierEpochsAcknowledged() {
        assertFalse(suffices(quorum(EPOCH, "p", 3, "a"), true, standing("x", 9, EPOCH - 1)));
        assertTrue(suffices(quorum(EPOCH, "p", 3, "a"), true, standing("a", 9, EPOCH)));
        assertFalse(suffices(quorum(EPOCH, "p", 1), true, standing("x", 9, EPOCH)), "no voter");
    }

    @Test
    void theLastPrimaryAloneIsEnoughWithItsOwnHistoryOrALaterOne() {
        assertTrue(suffices(quorum(EPOCH, "p", 2, "a", "b", "c"), false, standing("p", 9, EPOCH)));
        assertTrue(suffices(quorum(EPOCH, "p", 2, "a", "b", "c"), false, standing("p", 9, EPOCH + 1)));
        assertFalse(
                suffices(quorum(EPOCH, "p", 2, "a", "b", "c"), false, standing("p", 9, EPOCH - 1)), "it lost its disk");
    }

    @Test
    void withoutAcksThoseThatCanBeReachedAreEnough() {
        assertFalse(suffices(quorum(EPOCH, "p", 0, "a"), false, standing("x", 9, 1)));
        assertTrue(suffices(quorum(EPOCH, "p", 0, "a"), true, standing("x", 9, 1)));
    }
}
