package io.ltxfs.node.replication;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.replicationproto.FetchAnswer;
import io.ltxfs.replicationproto.FetchRequest;
import io.ltxfs.replicationproto.PeerGrpc;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;

/** Takes a peer's transactions of one database beyond this node's. Blocks. */
final class FetchTaker {
    private final Receiver receiver;
    private final EpochGate gate;
    private final Path directory;

    FetchTaker(Receiver receiver, EpochGate gate, Path directory) {
        this.receiver = receiver;
        this.gate = gate;
        this.directory = directory;
    }

    /** @return whether the peer's history holds this node's position */
    boolean take(Channel channel, String address, long epoch, String database)
            throws IOException, InterruptedException {
        Place after = receiver.received(database)
                .map(header -> new Place(header.txid(), header.postChecksum()))
                .orElse(new Place(0, 0));
        FetchRequest request = FetchRequest.newBuilder()
                .setEpoch(epoch)
                .setAfter(Messages.place(database, after))
                .build();
        long[] lsn = {0};
        try (Assembly assembly = new Assembly(directory)) {
            Iterator<FetchAnswer> answers = PeerGrpc.newBlockingStub(channel).fetch(request);
            while (answers.hasNext()) {
                FetchAnswer answer = answers.next();
                if (answer.getEpoch() != epoch) {
                    throw new IOException(address + ": an answer of epoch "
                            + Long.toUnsignedString(answer.getEpoch()) + " came where " + Long.toUnsignedString(epoch)
                            + " is due");
                }
                assembly.add(answer.getChunk(), (header, pages) -> {
                    if (!header.database().equals(database)) {
                        throw new IOException(
                                address + ": a transaction of " + header.database() + " came, not of " + database);
                    }
                    if (!gate.pass(epoch, () -> lsn[0] = receiver.receive(header, pages))) {
                        throw SnapshotTaker.promisedMore(address, epoch, gate);
                    }
                });
            }
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.OUT_OF_RANGE) {
                return false;
            }
            throw Refusals.toException(address, e);
        }
        if (lsn[0] != 0) {
            SnapshotTaker.flush(receiver, lsn[0]);
        }
        return true;
    }
}
