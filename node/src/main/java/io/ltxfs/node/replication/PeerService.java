package io.ltxfs.node.replication;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.replicationproto.FetchAnswer;
import io.ltxfs.replicationproto.FetchRequest;
import io.ltxfs.replicationproto.FromPrimary;
import io.ltxfs.replicationproto.FromReplica;
import io.ltxfs.replicationproto.HandOverAnswer;
import io.ltxfs.replicationproto.HandOverRequest;
import io.ltxfs.replicationproto.PeekRequest;
import io.ltxfs.replicationproto.PeerGrpc;
import io.ltxfs.replicationproto.SealRequest;
import io.ltxfs.replicationproto.SnapshotAnswer;
import io.ltxfs.replicationproto.SnapshotRequest;
import io.ltxfs.replicationproto.StandingAnswer;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the server does with each call. Runs on gRPC's threads, so it answers at once or on a thread of its own. */
final class PeerService extends PeerGrpc.PeerImplBase implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PeerService.class);
    private static final int REPLICAS_MAX = 64;
    /** Snapshots and fetches at a time. */
    private static final int READS_MAX = 8;

    private final PeerSettings settings;
    private final PeerHandler handler;
    private final DatabaseSet databases;
    private final Receiver receiver;
    private final Encoder encoder;
    private final Set<ReplicaStream> streams = ConcurrentHashMap.newKeySet();
    private final ExecutorService readers;

    PeerService(PeerSettings settings, PeerHandler handler, DatabaseSet databases, Receiver receiver) {
        this.settings = settings;
        this.handler = handler;
        this.databases = databases;
        this.receiver = receiver;
        this.encoder = new Encoder(databases.feed(), settings.stage());
        this.readers = new ThreadPoolExecutor(
                0, READS_MAX, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), Threads.daemon("replication-read"));
    }

    static Throwable cause(Throwable failure) {
        Throwable cause = failure.getCause();
        boolean wrapped = failure instanceof CompletionException || failure instanceof ExecutionException;
        return wrapped && cause != null ? cause : failure;
    }

    List<ReplicaLink> replicas() {
        return streams.stream()
                .filter(stream -> stream.epoch() != 0)
                .map(ReplicaLink.class::cast)
                .toList();
    }

    void closeReplicas(String why) {
        streams.forEach(stream -> stream.close(why));
    }

    @Override
    public StreamObserver<FromReplica> replicate(StreamObserver<FromPrimary> answer) {
        ReplicaStream stream = new ReplicaStream(
                (ServerCallStreamObserver<FromPrimary>) answer,
                handler,
                settings,
                databases,
                receiver,
                encoder,
                streams::remove);
        streams.add(stream);
        if (streams.size() > REPLICAS_MAX) {
            stream.close(REPLICAS_MAX + " replicas follow already");
        }
        return stream;
    }

    @Override
    public void seal(SealRequest request, StreamObserver<StandingAnswer> answer) {
        answer(
                handler.seal(Messages.member(request.getCandidate()), request.getEpoch()),
                answer,
                standing -> Messages.standing(handler.self(), standing, handler.acceptsCommits()));
    }

    @Override
    public void peek(PeekRequest request, StreamObserver<StandingAnswer> answer) {
        answer.onNext(Messages.standing(handler.self(), handler.standing(), handler.acceptsCommits()));
        answer.onCompleted();
    }

    @Override
    public void handOver(HandOverRequest request, StreamObserver<HandOverAnswer> answer) {
        answer(
                handler.handOver(Messages.member(request.getSuccessor())),
                answer,
                epoch -> HandOverAnswer.newBuilder().setEpoch(epoch).build());
    }

    private <T, A> void answer(CompletionStage<T> stage, StreamObserver<A> answer, Function<T, A> form) {
        stage.whenComplete((result, failure) -> {
            try {
                if (failure != null) {
                    answer.onError(Refusals.toStatus(cause(failure), handler));
                } else {
                    answer.onNext(form.apply(result));
                    answer.onCompleted();
                }
            } catch (RuntimeException e) {
                LOG.debug("a call had ended before its answer", e);
            }
        });
    }

    @Override
    public void fetch(FetchRequest request, StreamObserver<FetchAnswer> out) {
        Answer<FetchAnswer> answer = new Answer<>((ServerCallStreamObserver<FetchAnswer>) out);
        read(answer, request.getEpoch(), () -> new FetchGiver(databases, receiver, encoder).give(request, answer));
    }

    @Override
    public StreamObserver<SnapshotRequest> snapshot(StreamObserver<SnapshotAnswer> out) {
        ServerCallStreamObserver<SnapshotAnswer> call = (ServerCallStreamObserver<SnapshotAnswer>) out;
        SnapshotQuestions questions = new SnapshotQuestions(call);
        Answer<SnapshotAnswer> answer = new Answer<>(call);
        questions.onOpen(open -> read(
                answer,
                open.getEpoch(),
                () -> new SnapshotGiver(databases, receiver).give(open.getEpoch(), open.getOpen(), questions, answer)));
        return questions;
    }

    /** Something that takes its time. */
    @FunctionalInterface
    private interface Reading {
        void run() throws IOException, StatusException;
    }

    private <A> void read(Answer<A> answer, long epoch, Reading reading) {
        if (Long.compareUnsigned(epoch, handler.promised()) < 0) {
            Refused refused = new Refused(handler.self().node() + " has promised epoch "
                    + Long.toUnsignedString(handler.promised()) + ", the call is of epoch "
                    + Long.toUnsignedString(epoch));
            answer.fail(Refusals.toStatus(refused, handler));
            return;
        }
        try {
            readers.execute(() -> run(answer, reading));
        } catch (RejectedExecutionException e) {
            answer.fail(Answer.busy(READS_MAX + " snapshots"));
        }
    }

    private <A> void run(Answer<A> answer, Reading reading) {
        answer.begin();
        try {
            reading.run();
            answer.complete();
        } catch (IOException | StatusException | RuntimeException | Error e) { // the root of a call: its caller waits
            if (e instanceof RuntimeException || e instanceof Error) {
                LOG.error("a call failed", e);
            }
            if (!answer.isCancelled()) {
                try {
                    answer.fail(Refusals.toStatus(e, handler));
                } catch (RuntimeException late) {
                    LOG.debug("a call had ended before its failure was told", late);
                }
            }
        }
    }

    /** A message that cannot be taken. */
    static StatusException invalid(String why) {
        return new StatusException(Status.INVALID_ARGUMENT.withDescription(why));
    }

    @Override
    public void close() {
        closeReplicas("this node stops");
        readers.shutdownNow();
        encoder.close();
    }
}
