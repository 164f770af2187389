package io.ltxfs.node.roles;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.node.cluster.Action.Outcome;
import io.ltxfs.node.cluster.Event;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.node.config.ConfigLoader;
import io.ltxfs.node.config.ConfigRequest;
import io.ltxfs.node.config.Durability;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.config.WhenWaitEnds;
import io.ltxfs.node.replication.EpochGate;
import io.ltxfs.node.roles.ClusterView.Replica;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What commits wait for, and how far those are that they wait for. */
class WaitsTest {
    private static LtxfsConfig config(String... settings) {
        List<String> all = new ArrayList<>(List.of("archive.url=/a"));
        all.addAll(List.of(settings));
        return ConfigLoader.load(new ConfigRequest(Optional.empty(), all, Map.of(), true, "host"))
                .config();
    }

    private static TransactionHeader transaction(String database, long txid) {
        return new TransactionHeader(database, txid, 1, 0, 512, 1, 0, 0, Image.DELTA, 0, 0, 0);
    }

    private static int answerOf(CompletableFuture<Integer> answer) throws Exception {
        return answer.get(60, TimeUnit.SECONDS);
    }

    @Test
    void onlyDatabasesThatAskForItWait() {
        LtxfsConfig config = config("databases=[{match: 'slow/**', durability: archive}]");
        try (ArchiveWaits waits = new ArchiveWaits(config, (database, txid, then) -> {})) {
            assertTrue(waits.waits("slow/a.db"));
            assertFalse(waits.waits("a.db"));
        }
    }

    @Test
    void aCommitReturnsWhenTheArchiveHasIt() throws Exception {
        List<Runnable> told = new ArrayList<>();
        try (ArchiveWaits waits =
                new ArchiveWaits(config("durability=archive"), (database, txid, then) -> told.add(then))) {
            CompletableFuture<Integer> answer = new CompletableFuture<>();
            waits.await(transaction("a.db", 5), answer::complete);
            assertNull(answer.getNow(null));
            told.get(0).run();
            assertEquals(Errno.OK, answerOf(answer));
        }
    }

    @Test
    void atTheBoundACommitFailsOrIsDegradedUntilTheArchiveIsBack() throws Exception {
        String[] soon = {"durability=archive", "durability-wait.max=10ms", "durability-wait.then=fail"};
        try (ArchiveWaits waits = new ArchiveWaits(config(soon), (database, txid, then) -> {})) {
            CompletableFuture<Integer> answer = new CompletableFuture<>();
            waits.await(transaction("a.db", 5), answer::complete);
            assertEquals(Errno.EIO, answerOf(answer));
        }
        soon[2] = "durability-wait.then=degrade";
        List<Runnable> told = new ArrayList<>();
        try (ArchiveWaits waits = new ArchiveWaits(config(soon), (database, txid, then) -> told.add(then))) {
            CompletableFuture<Integer> answer = new CompletableFuture<>();
            waits.await(transaction("a.db", 5), answer::complete);
            assertEquals(Errno.OK, answerOf(answer));
            assertEquals(1, waits.warnings().size());
            told.get(0).run();
            assertEquals(List.of(), waits.warnings());
        }
    }

    @Test
    void aCommitOfAClusterIsAnsweredAsItsMachineSaysAndNeverAsDoneWithoutTheLease() throws Exception {
        List<Event> told = new ArrayList<>();
        AtomicInteger lease = new AtomicInteger(Errno.OK);
        LtxfsConfig config = config("lease.url=/l", "durability=replica:2", "durability-wait={max: 3s, then: fail}");
        List<CompletableFuture<Integer>> answers = new ArrayList<>();
        try (CommitWaits waits =
                new CommitWaits(config, told::add, new NoArchive(), epoch -> lease.get(), new AtomicLong(40))) {
            for (int i = 0; i < 4; i++) {
                CompletableFuture<Integer> answer = new CompletableFuture<>();
                answers.add(answer);
                waits.await("a.db", 1, 7 + i, answer::complete);
            }
            assertEquals(
                    new Event.CommitWaits(41, "a.db", 7, new Durability.Replica(2), 3_000_000_000L, WhenWaitEnds.FAIL),
                    told.get(0));
            waits.answer(List.of(41L), Outcome.DURABLE);
            assertEquals(Errno.OK, answerOf(answers.get(0)));
            waits.answer(List.of(42L), Outcome.UNKNOWN);
            assertEquals(Errno.EIO, answerOf(answers.get(1)));
            lease.set(Errno.EIO);
            waits.answer(List.of(43L), Outcome.DURABLE);
            assertEquals(Errno.EIO, answerOf(answers.get(2)));
            assertEquals(1, waits.size());
        }
        assertEquals(Errno.EIO, answerOf(answers.get(3)));
    }

    @Test
    void aCommitOfAnEarlierEpochIsNotAnsweredAsDoneUnderALaterOne() throws Exception {
        AtomicLong accepted = new AtomicLong(5);
        LtxfsConfig config = config("lease.url=/l", "durability=replica:1");
        try (CommitWaits waits = new CommitWaits(
                config,
                event -> {},
                new NoArchive(),
                epoch -> epoch == accepted.get() ? Errno.OK : Errno.EIO,
                new AtomicLong())) {
            CompletableFuture<Integer> late = new CompletableFuture<>();
            waits.await("a.db", 5, 7, late::complete);
            // The role was lost, another's history taken, the role got again; now transaction 7 is another one.
            accepted.set(7);
            waits.answer(List.of(1L), Outcome.DURABLE);
            assertEquals(Errno.EIO, answerOf(late));
        }
    }

    @Test
    void aCommitThatComesWhenTheNodeStopsIsAnswered() throws Exception {
        LtxfsConfig config = config("lease.url=/l", "durability=replica:1");
        CommitWaits waits = new CommitWaits(config, event -> {}, new NoArchive(), epoch -> Errno.OK, new AtomicLong());
        waits.close();
        CompletableFuture<Integer> late = new CompletableFuture<>();
        waits.await("a.db", 1, 7, late::complete);
        assertEquals(Errno.EIO, answerOf(late));
    }

    @Test
    void theEndOfAnEarlierConnectionDoesNotEndALaterOne() {
        ReplicaProgress progress = new ReplicaProgress(() -> 0);
        progress.comes("b", 1, Map.of());
        progress.comes("b", 2, Map.of("a.db", new Place(5, 0)));
        progress.gone("b", 1);
        progress.applied("b", 1, Map.of("a.db", new Place(9, 0)));
        assertTrue(progress.follows("b"));
        assertEquals(Map.of("a.db", List.of(new Replica("b", 5, 0))), progress.view(Map.of("a.db", 5L)));
        progress.gone("b", 2);
        assertTrue(progress.isEmpty());
    }

    private static final class NoArchive implements ClusterArchive {
        @Override
        public Map<String, Event.ArchivePlace> read() {
            return Map.of();
        }

        @Override
        public void fetch(String database, boolean conform, EpochGate.Term term) {}

        @Override
        public void claim(long epoch) {}

        @Override
        public void begin(java.util.function.LongSupplier epoch) {}

        @Override
        public void cease() {}

        @Override
        public void whenArchived(String database, long txid, Runnable then) {}
    }

    @Test
    void aReplicasLagIsTheAgeOfWhatItDoesNotShow() {
        AtomicLong clock = new AtomicLong();
        ReplicaProgress progress = new ReplicaProgress(clock::get);
        progress.comes("b", 1, Map.of("a.db", new Place(3, 0)));
        progress.sample(Map.of("a.db", 3L));
        clock.set(1_000_000_000L);
        progress.sample(Map.of("a.db", 4L));
        clock.set(1_500_000_000L);
        progress.sample(Map.of("a.db", 5L));
        clock.set(1_700_000_000L);
        assertEquals(Map.of("a.db", List.of(new Replica("b", 3, 700))), progress.view(Map.of("a.db", 5L)));
        progress.applied("b", 1, Map.of("a.db", new Place(4, 0)));
        assertEquals(Map.of("a.db", List.of(new Replica("b", 4, 200))), progress.view(Map.of("a.db", 5L)));
        progress.applied("b", 1, Map.of("a.db", new Place(5, 0)));
        assertEquals(Map.of("a.db", List.of(new Replica("b", 5, 0))), progress.view(Map.of("a.db", 5L)));
        progress.gone("b", 1);
        assertEquals(Map.of(), progress.view(Map.of("a.db", 5L)));
    }

    @Test
    void aNodesLagIsTheTimeSinceItHadAll() {
        AtomicLong clock = new AtomicLong();
        AtomicLong shown = new AtomicLong(3);
        FollowLag lag = new FollowLag(clock::get, database -> shown.get());
        lag.follows(Map.of("a.db", new Place(3, 0)));
        clock.set(1_000_000_000L);
        assertEquals(1000, lag.millis());
        lag.heartbeat(Map.of("a.db", new Place(4, 0)));
        assertEquals(1000, lag.millis());
        shown.set(4);
        lag.moved();
        assertEquals(0, lag.millis());
        clock.set(1_200_000_000L);
        lag.heartbeat(Map.of());
        assertEquals(0, lag.millis());
    }
}
