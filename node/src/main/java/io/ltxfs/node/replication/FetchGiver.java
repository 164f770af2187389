package io.ltxfs.node.replication;

import io.grpc.Status;
import io.grpc.StatusException;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.Position;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.receive.Fit;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.replicationproto.FetchAnswer;
import io.ltxfs.replicationproto.FetchRequest;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Gives the transactions of one database after a position, up to the last one that there is when it begins. */
final class FetchGiver {
    private static final long DURABLE_WAIT_SECONDS = 10;

    private final DatabaseSet databases;
    private final Receiver receiver;
    private final Encoder encoder;

    FetchGiver(DatabaseSet databases, Receiver receiver, Encoder encoder) {
        this.databases = databases;
        this.receiver = receiver;
        this.encoder = encoder;
    }

    void give(FetchRequest request, Answer<FetchAnswer> answer) throws IOException, StatusException {
        String database = request.getAfter().getDatabase();
        Place after = Messages.place(request.getAfter());
        TransactionHeader target = receiver.received(database).orElse(null);
        if (target == null && after.txid() == 0
                || target != null && after.equals(new Place(target.txid(), target.postChecksum()))) {
            return;
        }
        Receiver.Place place = receiver.locate(Map.of(database, new Position(after.txid(), after.checksum())))
                .get(database);
        if (target == null || place == null || place.fit() != Fit.KNOWN) {
            throw new StatusException(Status.OUT_OF_RANGE.withDescription(String.format(
                    "%s: the log here does not hold what came after %016x/%016x",
                    Messages.brief(database), after.txid(), after.checksum())));
        }
        Semaphore progress = new Semaphore(0);
        Lane lane = new Lane(database, after);
        try (TransactionFeed.Follower follower = databases
                .feed()
                .follow("fetch " + database, TransactionFeed.Kind.REPLICA, place.fromLsn(), progress::release)) {
            while (Long.compareUnsigned(lane.sent().txid(), target.txid()) < 0) {
                Transaction next = next(follower, progress);
                if (next.header().database().equals(database) && lane.fit(next) == Lane.Fit.NEXT) {
                    lane.add(next);
                    send(request.getEpoch(), lane, answer, progress);
                } else if (next.header().database().equals(database) && lane.fit(next) == Lane.Fit.GAP) {
                    throw new IOException(database + ": the log has a gap");
                }
                follower.release(next.lsn() + 1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("this node stops", e);
        } finally {
            lane.stopSending();
        }
    }

    private static Transaction next(TransactionFeed.Follower follower, Semaphore progress)
            throws IOException, InterruptedException {
        while (true) {
            Transaction next = follower.next();
            if (next != null) {
                return next;
            }
            if (follower.lost()) {
                throw new IOException("the log was trimmed meanwhile; try again");
            }
            if (!progress.tryAcquire(DURABLE_WAIT_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("what was received does not become durable");
            }
            progress.drainPermits();
        }
    }

    private void send(long epoch, Lane lane, Answer<FetchAnswer> answer, Semaphore progress)
            throws IOException, InterruptedException {
        while (!lane.begin(encoder, progress::release)) {
            progress.acquire();
        }
        boolean more = true;
        while (more) {
            FetchAnswer.Builder message =
                    FetchAnswer.newBuilder().setEpoch(epoch).setChunk(lane.next());
            more = !message.getChunk().getLast();
            answer.write(message.build());
        }
    }
}
