package io.ltxfs.node.roles;

import io.ltxfs.archive.upload.LeaseTerm;
import io.ltxfs.lease.Lease;
import io.ltxfs.node.cluster.Action;
import io.ltxfs.node.cluster.Event;
import io.ltxfs.node.cluster.Peer;
import io.ltxfs.node.replication.EpochGate;
import io.ltxfs.node.replication.Following;
import io.ltxfs.node.replication.PeerClient;
import io.ltxfs.node.replication.PeerHandler.Admission;
import io.ltxfs.node.replication.PeerServer;
import io.ltxfs.node.replication.PeerStanding;
import io.ltxfs.node.replication.Refused;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out what the machine says. Called by the cluster's thread, and never waits on it, but for the end of what a
 * stream has under way; what takes long is done by threads of its own, and ends in an event.
 */
final class Actions implements Consumer<Action>, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Actions.class);

    /** How many databases are fetched at a time. */
    private static final int WORKERS = 4;

    private static final long CLOSE_SECONDS = 2;

    /** What actions are carried out with. */
    record Tools(
            ClusterSetup setup,
            LocalState local,
            Divergence divergence,
            Lease lease,
            CommitGate commits,
            PeerSide peers,
            Sights sights,
            FollowLag lag,
            CommitWaits waits,
            Pending<String> operators,
            AtomicLong historyEpoch,
            Consumer<Event> tell) {}

    /** A stream by which this node follows. */
    private record Stream(FollowSide side, Following following) {}

    /** Something that takes long and whose end is an event. */
    private interface Work {
        Event run() throws IOException, InterruptedException;
    }

    private final Tools tools;
    private final PeerServer server;
    private final PeerClient client;
    private final Map<Long, Stream> streams = new ConcurrentHashMap<>();

    /** The promise is written here, one after the other. */
    private final ExecutorService memory = Executors.newSingleThreadExecutor(named("cluster-memory"));

    /** Archiving begins and ends here, in order. */
    private final ExecutorService archiving = Executors.newSingleThreadExecutor(named("cluster-archive"));

    private final ExecutorService workers = Executors.newFixedThreadPool(WORKERS, named("cluster-work"));

    Actions(Tools tools, PeerServer server, PeerClient client) {
        this.tools = tools;
        this.server = server;
        this.client = client;
    }

    private static java.util.concurrent.ThreadFactory named(String name) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, name + "-" + number.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** One that fails does not keep those after it from being carried out, and the machine is told where it waits for it. */
    @Override
    public void accept(Action action) {
        try {
            carryOut(action);
        } catch (Throwable e) { // of whatever it is that carries it out
            LOG.error("an action failed action={}", action, e);
            if (action instanceof Action.Remember) {
                tell(new Event.NotRemembered(e.toString()));
            } else if (action instanceof Action.Step begun) {
                tell(new Event.Failed(begun.step(), e.toString()));
            }
        }
    }

    private void carryOut(Action action) {
        if (action instanceof Action.Remember remember) {
            remember(remember);
        } else if (!toLease(action) && !toPeers(action) && !toReplicas(action) && !toMount(action)) {
            answer(action);
        }
    }

    private void remember(Action.Remember remember) {
        memory.execute(() -> {
            tools.local().gate().promise(remember.memory().promised());
            try {
                if (remember.memory().historyEpoch() != tools.historyEpoch().get()) {
                    // It is said of what is here: that is durable first.
                    tools.local().databases().flush();
                }
                tools.local().file().write(remember.memory());
                tools.historyEpoch().set(remember.memory().historyEpoch());
                tell(new Event.Remembered(remember.memory()));
            } catch (Throwable e) { // the root of the thread's work: no promise would be made any more
                LOG.error("could not remember a promise error={}", e.toString());
                tell(new Event.NotRemembered(e.toString()));
            }
        });
    }

    private boolean toLease(Action action) {
        Lease lease = tools.lease();
        if (action instanceof Action.Candidate candidate) {
            lease.candidate(candidate.wanted(), candidate.delay());
        } else if (action instanceof Action.StoreQuorum store) {
            lease.quorum(store.quorum());
        } else if (action instanceof Action.Offer offer) {
            tools.peers().offered(offer.epoch() + 1);
            Peer to = offer.successor();
            if (!lease.handOver(offer.process(), to.node(), to.advertise(), true)) {
                tell(new Event.Failed(offer.step(), "the lease is not held at this moment"));
            }
        } else if (action instanceof Action.Sight sight) {
            lease.sighted("", sight.epoch());
        } else if (action instanceof Action.ReleaseLease) {
            lease.release();
        } else if (action instanceof Action.ProveLease prove) {
            prove(prove.step());
        } else {
            return false;
        }
        return true;
    }

    private void prove(long step) {
        long epoch = tools.lease().status().epochHolding();
        tools.lease()
                .confirm(
                        epoch,
                        held -> tell(
                                held
                                        ? new Event.LeaseProven(step, epoch)
                                        : new Event.Failed(
                                                step, "the lease object does not say that this node holds it")));
    }

    private boolean toPeers(Action action) {
        if (action instanceof Action.Peek peek) {
            ask(
                    peek.step(),
                    client.peek(peek.peer().advertise()),
                    peeked -> new Event.Peeked(peek.step(), peeked.standing(), peeked.primary()));
        } else if (action instanceof Action.Seal seal) {
            ask(
                    seal.step(),
                    client.seal(seal.peer().advertise(), seal.epoch()),
                    promised -> new Event.Sealed(seal.step(), promised.standing()));
        } else if (action instanceof Action.AskHandOver ask) {
            client.handOver(ask.primary().advertise(), tools.setup().handOverMax())
                    .whenComplete((epoch, failure) -> {
                        if (failure == null) {
                            tools.lease().sighted("", epoch);
                            tell(new Event.PromiseSeen(epoch));
                        } else {
                            tell(new Event.Failed(ask.step(), why(failure)));
                        }
                    });
        } else if (action instanceof Action.Fetch fetch) {
            work(
                    fetch.step(),
                    () -> new Event.Fetched(
                            fetch.step(), client.fetch(fetch.peer().advertise(), fetch.epoch(), fetch.database())));
        } else if (action instanceof Action.Conform conform) {
            work(conform.step(), () -> {
                client.conform(
                        conform.peer().advertise(), conform.epoch(), conform.database(), tools.divergence()::keep);
                return new Event.Done(conform.step());
            });
        } else if (action instanceof Action.MoveAside aside) {
            work(aside.step(), () -> {
                EpochGate.Term term = term(aside.epoch());
                term.run(() -> {}); // one that is over keeps nothing
                tools.divergence().moveAside(aside.database(), term);
                return new Event.Done(aside.step());
            });
        } else if (action instanceof Action.AnswerSeal answer) {
            // What this node says that it has must be there after a power cut, too.
            tools.local().flush(failure -> {
                if (failure == null) {
                    tools.peers().answerSeal(answer.request(), answer.standing());
                }
            });
        } else if (action instanceof Action.RefuseSeal refuse) {
            tools.peers().refuseSeal(refuse.request(), refuse.promised());
        } else {
            return toArchive(action);
        }
        return true;
    }

    private boolean toArchive(Action action) {
        ClusterArchive archive = tools.setup().archive();
        if (action instanceof Action.ReadArchive read) {
            work(read.step(), () -> new Event.ArchiveRead(read.step(), archive.read()));
        } else if (action instanceof Action.FetchArchive fetch) {
            work(fetch.step(), () -> {
                EpochGate.Term term = term(fetch.epoch());
                term.run(() -> {}); // one that is over fetches nothing
                archive.fetch(fetch.database(), fetch.conform(), term);
                return new Event.Done(fetch.step());
            });
        } else if (action instanceof Action.Claim claim) {
            work(claim.step(), () -> {
                archive.claim(claim.epoch());
                return new Event.Done(claim.step());
            });
        } else {
            return false;
        }
        return true;
    }

    /** What an attempt is still about to do is not done once a higher epoch is promised. */
    private EpochGate.Term term(long epoch) {
        return tools.local().gate().term(epoch);
    }

    private boolean toReplicas(Action action) {
        if (action instanceof Action.Follow follow) {
            FollowSide side = new FollowSide(
                    follow.link(),
                    tools.lease(),
                    tools.tell(),
                    tools.local()::standing,
                    tools.sights(),
                    tools.lag(),
                    tools.divergence(),
                    tools.local().gate());
            streams.put(
                    follow.link(),
                    new Stream(side, client.follow(follow.primary().advertise(), side)));
        } else if (action instanceof Action.StopFollowing stop) {
            Stream stream = streams.remove(stop.link());
            if (stream != null) {
                stream.side().refuse(tools.local().gate().promised());
                stream.following().close();
            }
        } else if (action instanceof Action.Take take) {
            Stream stream = streams.get(take.link());
            if (stream != null) {
                stream.side().take(take.epoch());
            }
        } else if (action instanceof Action.RefuseWelcome refuse) {
            Stream stream = streams.get(refuse.link());
            if (stream != null) {
                stream.side().refuse(refuse.promised());
            }
        } else if (action instanceof Action.SayComplete say) {
            Stream stream = streams.get(say.link());
            if (stream != null) {
                // What it says is an acknowledgement of all that was received until now.
                tools.local().flush(failure -> {
                    if (failure == null) {
                        stream.following().historyComplete(say.epoch(), say.durable());
                    }
                });
            }
        } else if (action instanceof Action.Admit admit) {
            tools.peers().admit(admit.link(), new Admission(admit.epoch(), admit.start()));
        } else if (action instanceof Action.RefuseReplica refuse) {
            tools.peers().refuse(refuse.link(), refuse.why());
        } else if (action instanceof Action.DropReplicas drop) {
            server.closeReplicas(drop.why());
        } else {
            return false;
        }
        return true;
    }

    private boolean toMount(Action action) {
        ClusterSetup setup = tools.setup();
        if (action instanceof Action.TakeLocks take) {
            done(take.step(), setup.replica().follow(take.bound(), take.force()));
        } else if (action instanceof Action.GiveLocks give) {
            done(give.step(), setup.replica().lead());
        } else if (action instanceof Action.LetWrite) {
            setup.replica().letWrite();
        } else if (action instanceof Action.Flush flush) {
            tools.local()
                    .flush(failure -> tell(
                            failure == null
                                    ? new Event.Done(flush.step())
                                    : new Event.Failed(flush.step(), String.valueOf(failure.getMessage()))));
        } else if (action instanceof Action.AcceptWrites accept) {
            tools.commits().accept(accept.epoch());
            long epoch = accept.epoch();
            archive(() -> setup.archive().begin(() -> tools.lease().epochHeld() == epoch ? epoch : LeaseTerm.NOT_HELD));
        } else if (action instanceof Action.RefuseWrites) {
            tools.commits().refuse();
            archive(() -> setup.archive().cease());
        } else {
            return false;
        }
        return true;
    }

    private void archive(Runnable task) {
        archiving.execute(() -> {
            try {
                task.run();
            } catch (RuntimeException e) { // the root of the thread's work
                LOG.error("could not begin or end to archive", e);
            }
        });
    }

    private void answer(Action action) {
        if (action instanceof Action.AnswerCommits answer) {
            tools.waits().answer(answer.commits(), answer.outcome());
        } else if (action instanceof Action.Answer answer) {
            boolean wasPeer = tools.peers().answerHandOver(answer.request(), answer.done(), answer.text());
            if (!wasPeer) {
                tools.operators().take(answer.request()).ifPresent(waiting -> {
                    if (answer.done()) {
                        waiting.complete(answer.text());
                    } else {
                        waiting.completeExceptionally(new RoleException(answer.text(), "see 'ltxfs status'"));
                    }
                });
            }
        } else if (action instanceof Action.Say say) {
            if (say.warning()) {
                LOG.warn("{}", say.text());
            } else {
                LOG.info("{}", say.text());
            }
        } else {
            LOG.error("an action is not known action={}", action);
        }
    }

    /** What the mount has shown of a transaction goes to the primary. */
    void applied(String database, io.ltxfs.node.cluster.Standing.Place place) {
        streams.values().forEach(stream -> stream.following().applied(database, place));
    }

    private void tell(Event event) {
        tools.tell().accept(event);
    }

    private void ask(
            long step, CompletionStage<PeerStanding> call, java.util.function.Function<PeerStanding, Event> event) {
        call.whenComplete((answered, failure) -> {
            if (failure == null) {
                tools.sights().heard(answered.member());
                tell(event.apply(answered));
                return;
            }
            Throwable cause = cause(failure);
            if (cause instanceof Refused refused && refused.promised() != 0) {
                tools.lease().sighted("", refused.promised());
                tell(new Event.SealRefused(step, refused.promised()));
            } else {
                tell(new Event.Failed(step, why(failure)));
            }
        });
    }

    private void done(long step, CompletionStage<?> stage) {
        stage.whenComplete((nothing, failure) ->
                tell(failure == null ? new Event.Done(step) : new Event.Failed(step, why(failure))));
    }

    private void work(long step, Work work) {
        try {
            workers.execute(() -> {
                Event event;
                try {
                    event = work.run();
                } catch (InterruptedException e) {
                    event = new Event.Failed(step, "the node stops");
                } catch (Throwable e) { // the root of the thread's work: the machine waits for its end
                    LOG.debug("a step failed step={}", step, e);
                    event = new Event.Failed(step, why(e));
                }
                tell(event);
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("a step was left: the node stops step={}", step);
        }
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private static String why(@Nullable Throwable failure) {
        if (failure == null) {
            return "it is not known why";
        }
        Throwable cause = cause(failure);
        return cause instanceof IOException && cause.getMessage() != null ? cause.getMessage() : cause.toString();
    }

    @Override
    public void close() {
        streams.values().forEach(stream -> stream.following().close());
        workers.shutdownNow();
        memory.shutdown();
        archiving.shutdown();
        try {
            if (!memory.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)
                    || !archiving.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("the cluster's threads are still at work");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
