package io.ltxfs.node.cluster;

import static io.ltxfs.node.cluster.Machine.at;
import static io.ltxfs.node.cluster.Machine.memory;
import static io.ltxfs.node.cluster.Machine.peer;
import static io.ltxfs.node.cluster.Machine.quorum;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.lease.LeaseRecord.State;
import io.ltxfs.node.cluster.ClusterStatus.Role;
import io.ltxfs.node.cluster.Standing.Place;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Decision 11, "How a replica follows". */
final class FollowingTest {

    private static Machine replica(long promised, long historyEpoch) {
        Machine node = new Machine("b", memory(promised, historyEpoch, "a"));
        node.quorum = Optional.of(quorum(3, "a", 1, "b"));
        node.leaseShows(3, "a", State.HELD);
        return node;
    }

    private static Event welcome(
            Machine node, long epoch, Map<String, Place> start, Set<String> replaced, Set<String> absent) {
        return new Event.Welcomed(node.last(Action.Follow.class).link(), epoch, peer("a"), start, replaced, absent);
    }

    @Test
    void itFollowsWhomTheLeaseNames() {
        Machine node = replica(3, 3);
        assertEquals(peer("a"), node.last(Action.Follow.class).primary());
        node.leaseShows(4, "c", State.OFFERED);
        assertEquals(1, node.said(Action.StopFollowing.class).size());
        assertEquals(peer("c"), node.last(Action.Follow.class).primary());
    }

    @Test
    void itDoesNotFollowAnEarlierProcessOfItself() {
        Machine node = new Machine("b", memory(3, 3));
        node.quorum = Optional.of(quorum(3, "b", 1));
        node.leaseShows(3, "b", State.HELD);
        assertFalse(node.hasSaid(Action.Follow.class));
    }

    @Test
    void nothingIsTakenBeforeTheEpochIsPromisedDurably() {
        Machine node = replica(2, 2);
        node.tick(0);
        node.remembers = false;
        node.leaseShows(4, "a", State.HELD);
        node.on(welcome(node, 4, Map.of(), Set.of(), Set.of()));
        assertFalse(node.hasSaid(Action.Take.class));
        node.on(new Event.Remembered(node.last(Action.Remember.class).memory()));
        assertEquals(4, node.last(Action.Take.class).epoch());
    }

    @Test
    void aStreamOfALowerEpochIsRefusedWithThePromisedOne() {
        Machine node = replica(3, 3);
        node.on(new Event.SealAsked(1, peer("c"), 5));
        assertTrue(node.hasSaid(Action.StopFollowing.class), "sealed: nothing more of epoch 3");
        node.forget();
        node.on(new Event.Welcomed(1, 3, peer("a"), Map.of(), Set.of(), Set.of()));
        assertEquals(5, node.last(Action.RefuseWelcome.class).promised());
        assertFalse(node.hasSaid(Action.Take.class));
    }

    @Test
    void whatIsDurableOfAStreamThatIsOverCompletesNothing() {
        Machine node = replica(3, 2);
        node.on(welcome(node, 3, Map.of("x.db", at(5)), Set.of(), Set.of()));
        long old = node.last(Action.Follow.class).link();
        node.on(new Event.SealAsked(1, peer("c"), 5));
        node.on(new Event.TakenDurably(old, Map.of("x.db", at(5))));
        assertEquals(2, node.memory.historyEpoch());
    }

    @Test
    void theHistoryIsCompleteOnceEveryDatabaseIsAtTheStartAndNoneIsTooMany() {
        Machine node = replica(3, 2);
        long link = node.last(Action.Follow.class).link();
        node.positions.put("same.db", at(4));
        node.positions.put("other.db", at(9));
        node.on(welcome(
                node,
                3,
                Map.of("same.db", at(4), "new.db", at(2), "other.db", at(6)),
                Set.of("other.db"),
                Set.of("aside.db")));
        assertEquals(2, node.memory.historyEpoch());
        node.on(new Event.TakenDurably(link, Map.of("new.db", at(1))));
        node.on(new Event.TakenDurably(link, Map.of("new.db", at(2))));
        node.on(new Event.TakenDurably(link, Map.of("other.db", at(7))));
        assertEquals(2, node.memory.historyEpoch());
        assertFalse(node.hasSaid(Action.SayComplete.class));
        node.on(new Event.AsideDurably(link, "aside.db"));
        assertEquals(3, node.memory.historyEpoch());
        assertEquals(3, node.last(Action.SayComplete.class).epoch());
        assertEquals(node.positions, node.last(Action.SayComplete.class).durable());
    }

    @Test
    void itSaysSoOnlyOnceThatIsDurable() {
        Machine node = replica(3, 2);
        node.remembers = false;
        node.on(welcome(node, 3, Map.of(), Set.of(), Set.of()));
        node.tick(0.1);
        assertFalse(node.hasSaid(Action.SayComplete.class));
        node.on(new Event.Remembered(node.last(Action.Remember.class).memory()));
        node.on(new Event.Remembered(node.last(Action.Remember.class).memory()));
        assertTrue(node.hasSaid(Action.SayComplete.class));
    }

    @Test
    void aNewConnectionSaysItAgain() {
        Machine node = replica(3, 3);
        long link = node.last(Action.Follow.class).link();
        node.on(welcome(node, 3, Map.of(), Set.of(), Set.of()));
        node.on(new Event.Disconnected(link, "reset", Optional.empty()));
        assertFalse(node.status().connected());
        node.on(welcome(node, 3, Map.of(), Set.of(), Set.of()));
        assertEquals(2, node.said(Action.SayComplete.class).size());
        assertEquals(1, node.said(Action.Follow.class).size());
        assertEquals(Role.REPLICA, node.status().role());
    }

    @Test
    void aNodeThatLostADatabaseHasNoCompleteHistoryUntilItHasItAgain() {
        Machine node = replica(3, 3);
        long link = node.last(Action.Follow.class).link();
        node.on(welcome(node, 3, Map.of("x.db", at(5)), Set.of(), Set.of()));
        assertEquals(0, node.memory.historyEpoch());
        node.on(new Event.TakenDurably(link, Map.of("x.db", at(5))));
        assertEquals(3, node.memory.historyEpoch());
    }

    @Test
    void theLeaseShowsAHigherEpochAndTheStreamOfTheLowerOneIsOver() {
        Machine node = replica(3, 3);
        node.on(welcome(node, 3, Map.of(), Set.of(), Set.of()));
        node.leaseShows(4, "a", State.HELD);
        assertTrue(node.hasSaid(Action.StopFollowing.class));
        assertEquals(4, node.memory.promised());
        assertEquals(2, node.said(Action.Follow.class).size(), "the same node, under its new epoch");
    }

    @Test
    void aSealIsAnsweredOnceThePromiseIsDurableWithWhatIsHere() {
        Machine node = replica(3, 3);
        node.remembers = false;
        node.positions.put("x.db", at(5));
        node.on(new Event.SealAsked(8, peer("c"), 4));
        assertFalse(node.hasSaid(Action.AnswerSeal.class));
        node.positions.put("x.db", at(6));
        node.on(new Event.Remembered(node.last(Action.Remember.class).memory()));
        Action.AnswerSeal answer = node.last(Action.AnswerSeal.class);
        assertEquals(new Standing("b", 4, 3, Map.of("x.db", at(6))), answer.standing());
    }

    @Test
    void aSealBelowThePromisedEpochIsRefused() {
        Machine node = replica(5, 3);
        node.on(new Event.SealAsked(8, peer("c"), 4));
        assertEquals(new Action.RefuseSeal(8, 5), node.last(Action.RefuseSeal.class));
    }

    @Test
    void oneThatIsSealedByTwoCandidatesAnswersTheHigherOneOnly() {
        Machine node = replica(3, 3);
        node.remembers = false;
        node.on(new Event.SealAsked(1, peer("c"), 4));
        node.on(new Event.SealAsked(2, peer("d"), 5));
        assertEquals(new Action.RefuseSeal(1, 5), node.last(Action.RefuseSeal.class));
        node.on(new Event.Remembered(node.last(Action.Remember.class).memory()));
        node.on(new Event.Remembered(node.last(Action.Remember.class).memory()));
        assertEquals(1, node.said(Action.AnswerSeal.class).size());
        assertEquals(5, node.last(Action.AnswerSeal.class).standing().promised());
    }

    @Test
    void aSealThatIsRepeatedIsAnsweredAgain() {
        Machine node = replica(3, 3);
        node.on(new Event.SealAsked(1, peer("c"), 4));
        node.on(new Event.SealAsked(2, peer("c"), 4));
        assertEquals(2, node.said(Action.AnswerSeal.class).size());
    }

    @Test
    void aDatabaseThatCameToAPrimaryAsAHistoryIsNoneOfItsOwn() {
        Machine node = new Machine("b", memory(3, 0, "a"));
        node.quorum = Optional.of(quorum(3, "a", 1));
        node.positions.put("mine.db", at(7));
        node.leaseShows(3, "a", State.HELD);
        long link = node.last(Action.Follow.class).link();
        node.on(welcome(node, 3, Map.of("x.db", at(1)), Set.of(), Set.of("mine.db")));
        node.on(new Event.TakenDurably(link, Map.of("x.db", at(1))));
        assertEquals(0, node.memory.historyEpoch());
        node.on(new Event.AsideDurably(link, "mine.db"));
        assertEquals(3, node.memory.historyEpoch());
    }
}
