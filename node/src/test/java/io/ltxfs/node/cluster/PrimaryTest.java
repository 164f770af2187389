package io.ltxfs.node.cluster;

import static io.ltxfs.node.cluster.Machine.at;
import static io.ltxfs.node.cluster.Machine.peer;
import static io.ltxfs.node.cluster.Machine.quorum;
import static io.ltxfs.node.cluster.Machine.standing;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.lease.LeaseRecord.State;
import io.ltxfs.lease.Quorum;
import io.ltxfs.node.cluster.Action.Outcome;
import io.ltxfs.node.cluster.ClusterStatus.Phase;
import io.ltxfs.node.config.Durability;
import io.ltxfs.node.config.WhenWaitEnds;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Decision 11, "Voters", "A commit that waits" and "Handing over". */
final class PrimaryTest {
    private static final long SECOND = 1_000_000_000L;

    private static void commit(Machine node, long id, long txid, Durability durability, WhenWaitEnds then) {
        node.positions.put("a.db", at(txid));
        node.on(new Event.CommitWaits(id, "a.db", txid, durability, 10 * SECOND, then));
    }

    private static void commit(Machine node, long id, long txid, int replicas) {
        commit(node, id, txid, new Durability.Replica(replicas), WhenWaitEnds.WAIT);
    }

    private static boolean answered(Machine node, long id, Outcome outcome) {
        return node.said(Action.AnswerCommits.class).stream()
                .anyMatch(answer -> answer.commits().contains(id) && answer.outcome() == outcome);
    }

    private static List<String> voters(Quorum quorum) {
        return quorum.voters().stream().map(Quorum.Voter::node).toList();
    }

    // ---- voters

    @Test
    void aReplicaIsAVoterOnceItHasTheHistoryCompletely() {
        Machine node = Machine.primary("p", 4, 1);
        node.on(new Event.ReplicaComes(1, peer("r"), "process-r", standing("r", 4, 3, "a.db", 10)));
        assertEquals(Map.of("a.db", at(10)), node.last(Action.Admit.class).start());
        node.on(new Event.ReplicaHas(1, Map.of("a.db", at(10)), Map.of(), false));
        assertEquals(List.of(), voters(node.quorum.orElseThrow()));
        node.on(new Event.ReplicaHas(1, Map.of("a.db", at(10)), Map.of(), true));
        assertEquals(List.of("r"), voters(node.quorum.orElseThrow()));
    }

    @Test
    void anAcknowledgementCountsOnlyOnceTheVotersPlaceIsProvenStored() {
        Machine node = Machine.primary("p", 4, 1);
        node.stores = false;
        node.replica(1, "r", 10);
        commit(node, 1, 11, 1);
        node.has(1, 11);
        assertFalse(answered(node, 1, Outcome.DURABLE));
        node.quorum = Optional.of(quorum(4, "p", 1, "r"));
        node.possible = List.of();
        node.on(node.lease());
        assertTrue(answered(node, 1, Outcome.DURABLE));
    }

    @Test
    void aVoterThatIsSilentForATtlIsRemovedIfTheOthersHaveEverything() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 10);
        node.replica(2, "s", 10);
        commit(node, 1, 11, 1);
        node.has(1, 11);
        assertTrue(answered(node, 1, Outcome.DURABLE));
        for (int i = 0; i < 3; i++) {
            node.tick(0.5);
            node.on(new Event.ReplicaHeard(2));
        }
        assertEquals(List.of("r", "s"), voters(node.quorum.orElseThrow()), "only r has transaction 11");
        node.has(2, 11);
        assertEquals(List.of("s"), voters(node.quorum.orElseThrow()));
    }

    @Test
    void theLastVoterIsNotRemoved() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 10);
        node.tick(1.5);
        node.tick(1.5);
        assertEquals(List.of("r"), voters(node.quorum.orElseThrow()));
    }

    @Test
    void whileAVoterIsBeingRemovedCommitsNeedBothSets() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 10);
        node.replica(2, "s", 10);
        node.stores = false;
        node.tick(0.9);
        node.on(new Event.ReplicaHeard(2));
        node.tick(0.2);
        assertEquals(List.of("s"), voters(node.last(Action.StoreQuorum.class).quorum()));
        node.possible = List.of(); // news from before it was asked for
        node.on(node.lease());
        commit(node, 1, 11, 1);
        node.has(1, 11);
        assertFalse(answered(node, 1, Outcome.DURABLE), "s alone will count");
        node.has(2, 11);
        assertTrue(answered(node, 1, Outcome.DURABLE));
    }

    @Test
    void aReplicaThatBeginsAnewCountsOnlyWithWhatItHasNow() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 11);
        node.on(new Event.ReplicaComes(2, peer("r"), "process-r2", standing("r", 4, 0, "a.db", 11)));
        commit(node, 1, 11, 1);
        assertFalse(answered(node, 1, Outcome.DURABLE), "what it had may have been of another history");
        node.on(new Event.ReplicaHas(2, Map.of("a.db", at(11)), Map.of(), true));
        assertTrue(answered(node, 1, Outcome.DURABLE));
    }

    @Test
    void aConnectionThatLosesItsPlaceToAnotherOneOfTheSameNodeIsEnded() {
        Machine node = Machine.primary("p", 4, 1);
        node.on(new Event.ReplicaComes(2, peer("r"), "process-r", standing("r", 4, 3)));
        node.on(new Event.ReplicaComes(1, peer("r"), "process-r", standing("r", 4, 3)));
        assertEquals(2, node.last(Action.RefuseReplica.class).link());
    }

    @Test
    void aSilentReplicaIsNoVoterAgainBeforeItIsHeard() {
        Machine node = Machine.primary("p", 4, 0);
        node.replica(1, "r", 10);
        node.tick(1.1);
        node.tick(0.1);
        assertEquals(List.of(), voters(node.quorum.orElseThrow()));
        node.on(new Event.ReplicaHeard(1));
        assertEquals(List.of("r"), voters(node.quorum.orElseThrow()));
    }

    @Test
    void aReplicaThatHasPromisedMoreDeposesThePrimary() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 10);
        commit(node, 1, 11, 1);
        node.on(new Event.ReplicaComes(2, peer("s"), "process-s", standing("s", 6, 3)));
        assertTrue(node.hasSaid(Action.RefuseWrites.class));
        assertTrue(node.hasSaid(Action.DropReplicas.class));
        assertTrue(answered(node, 1, Outcome.UNKNOWN));
        assertEquals(Phase.REPLICA, node.status().phase());
    }

    @Test
    void aPrimaryThatIsSealedRefusesWritesBeforeItAnswers() {
        Machine node = Machine.primary("p", 4, 1);
        node.forget();
        node.on(new Event.SealAsked(9, peer("c"), 5));
        List<Action> said = node.said;
        int refused = said.indexOf(new Action.RefuseWrites());
        int answered = said.indexOf(node.last(Action.AnswerSeal.class));
        assertTrue(refused >= 0 && refused < answered, said.toString());
    }

    @Test
    void aReplicaThatComesTooEarlyIsTakenInWhenThisNodeIsPrimary() {
        Machine node = new Machine("p", Machine.memory(3, 3));
        node.quorum = Optional.of(quorum(3, "p", 1));
        node.stores = false;
        node.acquires(4);
        node.on(new Event.ReplicaComes(1, peer("r"), "process-r", standing("r", 4, 3)));
        assertFalse(node.hasSaid(Action.Admit.class));
        node.quorum = Optional.of(quorum(4, "p", 1));
        node.on(node.lease());
        assertTrue(node.hasSaid(Action.Admit.class));
    }

    // ---- commits

    @Test
    void aCommitWaitsForAsManyVotersAsItSays() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 10);
        node.replica(2, "s", 10);
        commit(node, 1, 11, 2);
        node.has(1, 11);
        assertFalse(answered(node, 1, Outcome.DURABLE));
        node.has(2, 12);
        assertTrue(answered(node, 1, Outcome.DURABLE));
    }

    @Test
    void aLocalCommitWaitsForNothing() {
        Machine node = Machine.primary("p", 4, 1);
        commit(node, 1, 11, new Durability.Local(), WhenWaitEnds.WAIT);
        assertTrue(answered(node, 1, Outcome.DURABLE));
    }

    @Test
    void theLossOfTheLeaseMakesWaitingCommitsUnknown() {
        Machine node = Machine.primary("p", 4, 1);
        commit(node, 1, 11, 1);
        node.losesLease();
        assertTrue(answered(node, 1, Outcome.UNKNOWN));
        commit(node, 2, 12, 1);
        assertTrue(answered(node, 2, Outcome.UNKNOWN), "nobody is primary");
        assertTrue(node.last(Action.TakeLocks.class).force());
    }

    @Test
    void atTheBoundAWaitGoesOnOrDegradesOrFails() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 10);
        commit(node, 1, 11, new Durability.Replica(1), WhenWaitEnds.WAIT);
        commit(node, 2, 12, new Durability.Replica(1), WhenWaitEnds.FAIL);
        commit(node, 3, 13, new Durability.Replica(1), WhenWaitEnds.DEGRADE);
        node.tick(2.1);
        assertTrue(answered(node, 2, Outcome.UNKNOWN));
        assertTrue(answered(node, 3, Outcome.DEGRADED));
        assertEquals(1, node.status().waitingCommits());
        assertTrue(node.status().waitsFor().orElseThrow().contains("a.db"));
        commit(node, 4, 14, new Durability.Replica(1), WhenWaitEnds.DEGRADE);
        assertTrue(answered(node, 4, Outcome.DEGRADED), "it is degraded already");
        node.has(1, 14);
        assertTrue(node.status().degraded().isEmpty());
        commit(node, 5, 15, new Durability.Replica(1), WhenWaitEnds.DEGRADE);
        assertFalse(answered(node, 5, Outcome.DEGRADED));
    }

    @Test
    void anArchivedCommitReturnsOnceTheLeaseWasReadAfterThat() {
        Machine node = Machine.primary("p", 4, 1);
        commit(node, 1, 11, new Durability.Archive(), WhenWaitEnds.WAIT);
        assertFalse(node.hasSaid(Action.ProveLease.class));
        node.on(new Event.Archived("a.db", 11));
        long step = node.last(Action.ProveLease.class).step();
        commit(node, 2, 12, new Durability.Archive(), WhenWaitEnds.WAIT);
        node.on(new Event.Archived("a.db", 12));
        node.on(new Event.LeaseProven(step, 4));
        assertTrue(answered(node, 1, Outcome.DURABLE));
        assertFalse(answered(node, 2, Outcome.DURABLE), "that was archived after the lease was read");
        node.on(new Event.LeaseProven(node.last(Action.ProveLease.class).step(), 4));
        assertTrue(answered(node, 2, Outcome.DURABLE));
    }

    @Test
    void aLeaseThatSaysAnotherEpochProvesNothing() {
        Machine node = Machine.primary("p", 4, 1);
        commit(node, 1, 11, new Durability.Archive(), WhenWaitEnds.WAIT);
        node.on(new Event.Archived("a.db", 11));
        node.on(new Event.LeaseProven(node.last(Action.ProveLease.class).step(), 5));
        assertFalse(answered(node, 1, Outcome.DURABLE));
    }

    // ---- handing over

    @Test
    void theRoleIsOfferedOnceTheSuccessorHasAndShowsEverything() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 10);
        node.replica(2, "s", 10);
        node.positions.put("a.db", at(12));
        node.has(2, 11);
        node.on(new Event.HandOff(50, Optional.empty()));
        assertTrue(
                node.last(Action.TakeLocks.class).force(), "nobody waits before the successor has what there is now");
        node.positions.put("a.db", at(13));
        node.has(2, 12);
        assertFalse(node.last(Action.TakeLocks.class).force());
        assertTrue(node.hasSaid(Action.Flush.class));
        assertFalse(node.hasSaid(Action.Offer.class));
        node.on(new Event.ReplicaHas(2, Map.of("a.db", at(13)), Map.of(), false));
        assertFalse(node.hasSaid(Action.Offer.class), "its readers do not see it yet");
        node.on(new Event.ReplicaHas(2, Map.of(), Map.of("a.db", at(13)), false));
        Action.Offer offer = node.last(Action.Offer.class);
        assertEquals("process-s", offer.process());
        assertTrue(node.said.indexOf(new Action.RefuseWrites()) < node.said.indexOf(offer));
        node.losesLease();
        assertEquals(Phase.RESIGNING, node.status().phase(), "not known to be stored");
        node.leaseShows(5, "s", State.OFFERED);
        assertEquals(Phase.REPLICA, node.status().phase());
        assertEquals(peer("s"), node.last(Action.Follow.class).primary());
        assertTrue(node.last(Action.Answer.class).done());
        assertEquals(
                1,
                node.said(Action.TakeLocks.class).stream()
                        .filter(take -> !take.force())
                        .count());
    }

    @Test
    void aSuccessorThatIsFarBehindHoldsNobodyUp() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 9);
        node.on(new Event.HandOff(50, Optional.of("r")));
        assertEquals(Phase.RESIGNING, node.status().phase());
        node.tick(0.9);
        assertEquals(Phase.PRIMARY, node.status().phase());
        assertFalse(node.hasSaid(Action.LetWrite.class));
        assertEquals(1, node.said(Action.TakeLocks.class).size());
    }

    @Test
    void aHandOverThatIsGivenUpLeavesThePrimaryAsItWas() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 10);
        node.works = false;
        node.on(new Event.HandOff(50, Optional.of("r")));
        node.positions.put("a.db", at(11));
        node.on(new Event.Done(node.last(Action.TakeLocks.class).step()));
        node.on(new Event.Done(node.last(Action.Flush.class).step()));
        assertEquals(Phase.RESIGNING, node.status().phase());
        node.tick(0.9);
        assertEquals(Phase.PRIMARY, node.status().phase());
        assertTrue(node.hasSaid(Action.LetWrite.class));
        assertFalse(node.hasSaid(Action.RefuseWrites.class));
        assertFalse(node.last(Action.Answer.class).done());
    }

    @Test
    void applicationsThatDoNotEndTheirTransactionsKeepTheRole() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 10);
        node.works = false;
        node.on(new Event.HandOff(50, Optional.of("r")));
        node.on(new Event.Failed(node.last(Action.TakeLocks.class).step(), "pid 7 has a transaction open"));
        assertEquals(Phase.PRIMARY, node.status().phase());
        assertTrue(node.last(Action.Answer.class).text().contains("pid 7"));
    }

    @Test
    void anOfferThatTheLeaseDoesNotTakeIsUndone() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 10);
        node.on(new Event.HandOff(50, Optional.of("r")));
        Action.Offer offer = node.last(Action.Offer.class);
        node.forget();
        node.on(new Event.Failed(offer.step() + 1000, "another step"));
        assertEquals(Phase.RESIGNING, node.status().phase());
        node.on(new Event.Failed(offer.step(), "not held at this moment"));
        assertEquals(Phase.PRIMARY, node.status().phase());
        assertEquals(4, node.last(Action.AcceptWrites.class).epoch());
        assertTrue(node.hasSaid(Action.LetWrite.class));
    }

    @Test
    void whatIsCommittedWithoutSqlitesLocksKeepsTheRole() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 10);
        node.works = false;
        node.on(new Event.HandOff(50, Optional.of("r")));
        node.on(new Event.Done(node.last(Action.TakeLocks.class).step()));
        node.on(new Event.Done(node.last(Action.Flush.class).step()));
        assertTrue(node.hasSaid(Action.RefuseWrites.class));
        node.positions.put("a.db", at(11));
        node.on(new Event.Done(node.last(Action.Flush.class).step()));
        assertFalse(node.hasSaid(Action.Offer.class));
        assertEquals(4, node.last(Action.AcceptWrites.class).epoch());
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void theLeaseLostWhileHandingOverEndsIt() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 9);
        node.on(new Event.HandOff(50, Optional.of("r")));
        node.losesLease();
        assertEquals(Phase.REPLICA, node.status().phase());
        assertTrue(node.hasSaid(Action.RefuseWrites.class));
        assertFalse(node.last(Action.Answer.class).done());
    }

    @Test
    void nobodyWhoIsNotCompleteIsASuccessor() {
        Machine node = Machine.primary("p", 4, 1);
        node.on(new Event.ReplicaComes(1, peer("r"), "process-r", standing("r", 4, 3, "a.db", 10)));
        node.on(new Event.HandOff(50, Optional.of("r")));
        assertFalse(node.last(Action.Answer.class).done());
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void aPrimaryThatStopsHandsOver() {
        Machine node = Machine.primary("p", 4, 1);
        node.replica(1, "r", 10);
        node.on(new Event.Stop(60));
        assertTrue(node.hasSaid(Action.Offer.class));
        node.leaseShows(5, "r", State.OFFERED);
        node.tick(0.1);
        assertEquals(Phase.STOPPED, node.status().phase());
        assertEquals(60, node.last(Action.Answer.class).request());
    }

    @Test
    void aPrimaryThatStopsAloneGivesTheLeaseBackAfterTheFlush() {
        Machine node = Machine.primary("p", 4, 1);
        node.forget();
        node.on(new Event.Stop(60));
        assertTrue(node.hasSaid(Action.Flush.class));
        assertTrue(node.hasSaid(Action.ReleaseLease.class));
        assertFalse(node.hasSaid(Action.Answer.class), "not known to be stored");
        node.leaseShows(4, "p", State.RELEASED);
        assertEquals(Phase.STOPPED, node.status().phase());
        assertTrue(node.last(Action.Answer.class).done());
        assertFalse(node.last(Action.Candidate.class).wanted());
    }

    @Test
    void promoteOnAReplicaAsksThePrimary() {
        Machine node = new Machine("b", Machine.memory(3, 3, "a"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b"));
        node.leaseShows(3, "a", State.HELD);
        node.on(new Event.Welcomed(
                node.last(Action.Follow.class).link(), 3, peer("a"), Map.of(), java.util.Set.of(), java.util.Set.of()));
        node.on(new Event.Promote(5, false));
        assertEquals(peer("a"), node.last(Action.AskHandOver.class).primary());
        node.vouched = true;
        node.acquires(4);
        assertEquals(new Action.Answer(5, true, "this node is the primary"), node.last(Action.Answer.class));
    }
}
