package io.ltxfs.node.cluster;

import static io.ltxfs.node.cluster.Machine.at;
import static io.ltxfs.node.cluster.Machine.memory;
import static io.ltxfs.node.cluster.Machine.quorum;
import static io.ltxfs.node.cluster.Machine.standing;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.lease.LeaseRecord.State;
import io.ltxfs.node.cluster.ClusterStatus.Phase;
import io.ltxfs.node.cluster.ClusterStatus.Role;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Decision 11, "How a node becomes primary". */
final class BecomingPrimaryTest {

    @Test
    void theFirstNodeOfAClusterIsPrimaryAtOnce() {
        Machine node = new Machine("a", ClusterMemory.NONE);
        node.on(node.lease());
        assertEquals(new Action.Candidate(true, Duration.ZERO), node.last(Action.Candidate.class));
        assertTrue(node.hasSaid(Action.TakeLocks.class));
        node.acquires(1);
        assertEquals(Role.PRIMARY, node.status().role());
        assertEquals(1, node.last(Action.AcceptWrites.class).epoch());
        assertEquals(1, node.memory.historyEpoch());
        assertEquals(1, node.memory.promised());
        assertEquals(quorum(1, "a", 1), node.quorum.orElseThrow());
    }

    @Test
    void anEmptyNodeOfAnOldClusterNeverStands() {
        Machine node = new Machine("b", ClusterMemory.NONE);
        node.quorum = Optional.of(quorum(3, "a", 1));
        node.leaseShows(3, "a", State.RELEASED);
        assertFalse(node.last(Action.Candidate.class).wanted());
        assertTrue(node.status().waitsFor().orElseThrow().contains("nothing of it"));
        node.acquires(4); // the lease was faster than the news
        assertTrue(node.hasSaid(Action.ReleaseLease.class));
        assertEquals(Phase.REPLICA, node.status().phase());
        assertFalse(node.hasSaid(Action.AcceptWrites.class));
    }

    @Test
    void aPrimaryThatWasRestartedQuicklyWaitsForNobody() {
        Machine node = new Machine("a", memory(3, 3, "b", "c"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c"));
        node.on(new Event.Tick());
        node.acquires(4);
        assertEquals(Role.PRIMARY, node.status().role());
    }

    @Test
    void nothingIsDoneBeforeItsOwnPromiseIsDurable() {
        Machine node = new Machine("a", memory(3, 3));
        node.quorum = Optional.of(quorum(3, "a", 1));
        node.remembers = false;
        node.acquires(4);
        node.tick(0.1);
        assertEquals(Phase.SEALING, node.status().phase());
        node.on(new Event.Remembered(node.last(Action.Remember.class).memory()));
        assertEquals(Phase.ACCEPTING, node.status().phase());
        assertFalse(node.hasSaid(Action.StoreQuorum.class), "the history epoch is not durable yet");
        node.on(new Event.Remembered(node.last(Action.Remember.class).memory()));
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void commitsAreAcceptedOnlyWhenTheQuorumIsProvenStored() {
        Machine node = new Machine("a", memory(3, 3));
        node.quorum = Optional.of(quorum(3, "a", 1));
        node.stores = false;
        node.acquires(4);
        node.tick(0.1);
        assertEquals(Phase.ACCEPTING, node.status().phase());
        assertFalse(node.hasSaid(Action.AcceptWrites.class));
        assertEquals(1, node.said(Action.StoreQuorum.class).size());
        node.quorum = Optional.of(quorum(4, "a", 1));
        node.possible = List.of();
        node.on(node.lease());
        assertTrue(node.hasSaid(Action.AcceptWrites.class));
    }

    @Test
    void votersLessAcksPlusOneMustHavePromised() {
        Machine node = new Machine("b", memory(3, 3, "a", "c"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c"));
        node.positions.put("x.db", at(7));
        node.acquires(4);
        node.on(new Event.Failed(node.sealOf("a").step(), "refused"));
        node.tick(0.4);
        assertEquals(Phase.SEALING, node.status().phase());
        assertTrue(node.status().waitsFor().orElseThrow().contains("c"));
        node.sealed(standing("c", 4, 3, "x.db", 7));
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void aVoterThatLostItsDiskDoesNotCount() {
        Machine node = new Machine("b", memory(3, 3, "a", "c"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c"));
        node.acquires(4);
        node.sealed(standing("c", 4, 0));
        assertEquals(Phase.SEALING, node.status().phase());
    }

    @Test
    void anAnswerWithoutThePromiseDoesNotCount() {
        Machine node = new Machine("b", memory(3, 3, "a", "c"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c"));
        node.acquires(4);
        node.sealed(standing("c", 3, 3));
        assertEquals(Phase.SEALING, node.status().phase());
    }

    @Test
    void withoutWaitingCommitsAllThatCanBeReachedAreAskedForASecond() {
        Machine node = new Machine("b", memory(3, 3, "a", "c"), 0);
        node.quorum = Optional.of(quorum(3, "a", 0, "b"));
        node.acquires(4);
        node.on(new Event.Failed(node.sealOf("a").step(), "refused"));
        assertEquals(Phase.SEALING, node.status().phase());
        node.tick(0.21);
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void withoutWaitingCommitsThoseThatRefuseTheConnectionAreNotWaitedFor() {
        Machine node = new Machine("b", memory(3, 3, "a", "c"), 0);
        node.quorum = Optional.of(quorum(3, "a", 0, "b"));
        node.acquires(4);
        node.on(new Event.Failed(node.sealOf("a").step(), "refused"));
        node.on(new Event.Failed(node.sealOf("c").step(), "refused"));
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void theFurthestOfThoseWithTheHighestHistoryEpochIsFetched() {
        Machine node = new Machine("b", memory(3, 3, "a", "c", "d"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c", "d"));
        node.positions.put("x.db", at(7));
        node.positions.put("y.db", at(2));
        node.acquires(4);
        node.sealed(standing("d", 4, 2, "x.db", 99));
        node.sealed(standing("c", 4, 3, "x.db", 9, "z.db", 1));
        assertEquals(
                Phase.SEALING,
                node.status().phase(),
                "d has not the last primary's history, and is no answer of a voter");
        node.sealed(standing("a", 4, 3, "x.db", 8, "y.db", 5));
        assertEquals(Phase.LEARNING, node.status().phase());
        List<Action.Fetch> fetches = node.said(Action.Fetch.class);
        assertEquals(
                List.of("c x.db", "a y.db", "c z.db"),
                fetches.stream()
                        .map(fetch -> fetch.peer().node() + " " + fetch.database())
                        .toList());
        node.positions.putAll(Map.of("x.db", at(9), "y.db", at(5), "z.db", at(1)));
        fetches.forEach(fetch -> node.on(new Event.Fetched(fetch.step(), true)));
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void aNodeWithoutTheHighestHistoryEpochConformsAndMovesAsideWhatIsNotInIt() {
        Machine node = new Machine("b", memory(3, 2, "a"));
        node.quorum = Optional.of(quorum(3, "a", 1, "c"));
        node.positions.put("x.db", at(50));
        node.positions.put("only-here.db", at(3));
        node.acquires(4);
        node.sealed(standing("a", 4, 3, "x.db", 9));
        Action.Fetch fetch = node.last(Action.Fetch.class);
        node.on(new Event.Fetched(fetch.step(), false));
        Action.Conform conform = node.last(Action.Conform.class);
        assertEquals("x.db", conform.database());
        node.positions.put("x.db", at(9));
        node.on(new Event.Done(conform.step()));
        assertEquals(Phase.LEARNING, node.status().phase());
        Action.MoveAside aside = node.last(Action.MoveAside.class);
        assertEquals("only-here.db", aside.database());
        node.positions.remove("only-here.db");
        node.on(new Event.Done(aside.step()));
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void whatAPeersReadersDoNotSeeYetIsFetchedAfterConforming() {
        Machine node = new Machine("b", memory(3, 2, "a"));
        node.quorum = Optional.of(quorum(3, "a", 1));
        node.acquires(4);
        node.sealed(standing("a", 4, 3, "x.db", 9));
        node.on(new Event.Fetched(node.last(Action.Fetch.class).step(), false));
        node.positions.put("x.db", at(7));
        node.on(new Event.Done(node.last(Action.Conform.class).step()));
        Action.Fetch again = node.last(Action.Fetch.class);
        node.positions.put("x.db", at(9));
        node.on(new Event.Fetched(again.step(), true));
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void aFetchThatFailsIsTriedAgain() {
        Machine node = new Machine("b", memory(3, 3, "a"));
        node.quorum = Optional.of(quorum(3, "a", 1));
        node.acquires(4);
        node.sealed(standing("a", 4, 3, "x.db", 9));
        for (int failure = 0; failure < 3; failure++) {
            node.on(new Event.Failed(node.last(Action.Fetch.class).step(), "connection lost"));
            node.tick(0.11);
        }
        assertEquals(4, node.said(Action.Fetch.class).size());
        node.positions.put("x.db", at(9));
        node.on(new Event.Fetched(node.last(Action.Fetch.class).step(), true));
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void aPeerThatHasGoneSinceItPromisedDoesNotKeepTheLeaseFromOthers() {
        Machine node = new Machine("b", memory(3, 3, "a", "c"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c"));
        node.acquires(4);
        node.sealed(standing("c", 4, 3, "x.db", 9));
        assertEquals(Phase.LEARNING, node.status().phase());
        for (int i = 0; i < 40; i++) {
            if (node.status().phase() == Phase.LEARNING) {
                node.on(new Event.Failed(node.last(Action.Fetch.class).step(), "connection refused"));
            }
            node.tick(0.1);
        }
        assertTrue(node.hasSaid(Action.ReleaseLease.class), "it tries for ever");
        assertEquals(new Action.Candidate(true, Machine.TTL), node.last(Action.Candidate.class));
    }

    @Test
    void whatTakesLongIsNotGivenUp() {
        Machine node = new Machine("b", memory(3, 3, "a"));
        node.quorum = Optional.of(quorum(3, "a", 1));
        node.acquires(4);
        node.sealed(standing("a", 4, 3, "x.db", 9));
        node.on(new Event.Failed(node.last(Action.Fetch.class).step(), "connection lost"));
        for (int i = 0; i < 40; i++) {
            node.tick(0.1);
        }
        assertEquals(Phase.LEARNING, node.status().phase());
        node.positions.put("x.db", at(9));
        node.on(new Event.Fetched(node.last(Action.Fetch.class).step(), true));
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void theLossOfTheLeaseEndsAnAttemptAndNothingOfItIsTakenLater() {
        Machine node = new Machine("b", memory(3, 3, "a", "c"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c"));
        node.acquires(4);
        long late = node.sealOf("c").step();
        node.losesLease();
        assertEquals(Phase.REPLICA, node.status().phase());
        node.forget();
        node.acquires(5);
        node.on(new Event.Sealed(late, standing("c", 5, 3)));
        assertEquals(Phase.SEALING, node.status().phase());
        node.sealed(standing("c", 5, 3));
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void aPeerThatHasPromisedMoreEndsTheAttempt() {
        Machine node = new Machine("b", memory(3, 3, "c"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c"));
        node.acquires(4);
        node.on(new Event.SealRefused(node.sealOf("c").step(), 6));
        assertTrue(node.hasSaid(Action.ReleaseLease.class));
        assertEquals(6, node.memory.promised());
        assertEquals(6, node.last(Action.Sight.class).epoch());
        assertEquals(Phase.REPLICA, node.status().phase());
    }

    @Test
    void anAttemptThatDoesNotGoOnLetsOthersTry() {
        Machine node = new Machine("b", memory(3, 3, "c"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c"));
        node.acquires(4);
        for (int i = 0; i < 5; i++) {
            node.tick(0.5);
        }
        assertTrue(node.hasSaid(Action.ReleaseLease.class));
        assertEquals(new Action.Candidate(true, Machine.TTL), node.last(Action.Candidate.class));
        assertTrue(node.status().waitsFor().orElseThrow().contains("promote --force"));
        node.on(node.lease()); // still says that the lease is held
        assertEquals(Phase.REPLICA, node.status().phase());
    }

    @Test
    void promoteForceGoesOnWithoutThoseThatAreMissing() {
        Machine node = new Machine("b", memory(3, 3, "c"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c"));
        node.acquires(4);
        node.tick(0.3);
        assertEquals(Phase.SEALING, node.status().phase());
        node.on(new Event.Promote(77, true));
        assertEquals(Phase.PRIMARY, node.status().phase());
        assertEquals(new Action.Answer(77, true, "this node is the primary"), node.last(Action.Answer.class));
    }

    @Test
    void aVoucherMakesSealingUnnecessary() {
        Machine node = new Machine("b", memory(3, 3, "a", "c"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c"));
        node.vouched = true;
        node.acquires(4);
        assertEquals(Phase.PRIMARY, node.status().phase());
        assertFalse(node.hasSaid(Action.Seal.class));
    }

    @Test
    void aNodeThatFailedAfterItHadLearnedIsAsGoodAsThePrimary() {
        Machine node = new Machine("b", memory(3, 3, "c", "d"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c"));
        node.acquires(6);
        node.sealed(standing("d", 6, 5)); // no voter, but had epoch 5
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void aPrimaryWithoutVotersAloneHasWhatEarlierEpochsAcknowledged() {
        Machine node = new Machine("b", memory(3, 3, "a", "c"));
        node.quorum = Optional.of(quorum(4, "a", 1));
        node.acquires(5);
        node.sealed(standing("c", 5, 3));
        assertEquals(Phase.SEALING, node.status().phase());
        node.sealed(standing("a", 5, 4));
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void aNodeThatIsBehindAReachablePeerWaitsHalfATtlMore() {
        Machine node = new Machine("b", memory(3, 3, "c"));
        node.positions.put("x.db", at(7));
        node.quorum = Optional.of(quorum(3, "a", 1, "b", "c"));
        node.leaseShows(3, "a", State.HELD);
        assertEquals(Duration.ZERO, node.last(Action.Candidate.class).delay());
        node.on(new Event.Peeked(node.last(Action.Peek.class).step(), standing("c", 3, 3, "x.db", 8), false));
        assertEquals(Machine.TTL.dividedBy(2), node.last(Action.Candidate.class).delay());
        for (int i = 0; i < 5; i++) {
            node.tick(0.3); // it is not heard of any more
        }
        assertEquals(Duration.ZERO, node.last(Action.Candidate.class).delay());
    }

    @Test
    void theArchiveIsReadAndWhatItHasBeyondIsFetched() {
        Machine node = new Machine("a", memory(3, 3), 1, true);
        node.quorum = Optional.of(quorum(3, "a", 1));
        node.positions.put("x.db", at(7));
        node.acquires(4);
        long read = node.last(Action.ReadArchive.class).step();
        node.on(new Event.ArchiveRead(
                read, Map.of("x.db", new Event.ArchivePlace(at(8), 3), "y.db", new Event.ArchivePlace(at(3), 2))));
        List<Action.FetchArchive> fetches = node.said(Action.FetchArchive.class);
        assertEquals(2, fetches.size());
        assertFalse(fetches.get(0).conform());
        node.positions.putAll(Map.of("x.db", at(8), "y.db", at(3)));
        fetches.forEach(fetch -> node.on(new Event.Done(fetch.step())));
        assertTrue(node.hasSaid(Action.Claim.class));
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void anArchiveOfALaterEpochHasTheNewerHistoryAlsoWhereItIsShorter() {
        Machine node = new Machine("b", memory(3, 3), 0, true);
        node.quorum = Optional.of(quorum(5, "a", 0));
        node.positions.put("x.db", at(7));
        node.acquires(6);
        node.tick(0.3);
        node.on(new Event.ArchiveRead(
                node.last(Action.ReadArchive.class).step(), Map.of("x.db", new Event.ArchivePlace(at(5), 5))));
        assertTrue(node.last(Action.FetchArchive.class).conform());
    }

    @Test
    void anArchiveThatCannotBeReadIsWaitedForATtl() {
        Machine node = new Machine("a", memory(3, 3), 1, true);
        node.quorum = Optional.of(quorum(3, "a", 1));
        node.acquires(4);
        for (int i = 0; i < 8; i++) {
            assertEquals(Phase.LEARNING, node.status().phase());
            node.on(new Event.Failed(node.last(Action.ReadArchive.class).step(), "503"));
            node.tick(0.12);
        }
        node.tick(0.15);
        node.on(new Event.Failed(node.last(Action.ReadArchive.class).step(), "503"));
        assertEquals(Phase.PRIMARY, node.status().phase());
    }

    @Test
    void anUnwritableMemoryDoesNotKeepTheLeaseFromOthers() {
        Machine node = new Machine("a", memory(3, 3));
        node.quorum = Optional.of(quorum(3, "a", 1));
        node.remembers = false;
        node.acquires(4);
        for (int i = 0; i < 25; i++) {
            node.on(new Event.NotRemembered("no space left"));
            node.tick(0.1);
        }
        assertTrue(node.hasSaid(Action.ReleaseLease.class));
        assertFalse(node.hasSaid(Action.AcceptWrites.class));
    }
}
