package io.ltxfs.node.replication;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.ltxfs.replicationproto.SnapshotAnswer;
import io.ltxfs.replicationproto.SnapshotRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The checksums that a caller sends, message by message as they are needed. */
final class SnapshotQuestions implements StreamObserver<SnapshotRequest>, SnapshotGiver.Checksums {
    private static final long STALL_SECONDS = 60;

    private final ServerCallStreamObserver<SnapshotAnswer> call;
    private final BlockingQueue<ByteString> parts = new ArrayBlockingQueue<>(4);
    private Consumer<SnapshotRequest> onOpen = request -> {};
    private boolean opened;
    private volatile boolean ended;
    private volatile boolean broken;
    // Owned by the reader.
    private ByteBuffer part = ByteBuffer.allocate(0);

    SnapshotQuestions(ServerCallStreamObserver<SnapshotAnswer> call) {
        this.call = call;
        call.disableAutoRequest();
        call.request(1);
    }

    void onOpen(Consumer<SnapshotRequest> action) {
        onOpen = action;
    }

    @Override
    public void onNext(SnapshotRequest message) {
        if (broken) {
            return;
        }
        if (message.hasOpen() && !opened) {
            opened = true;
            call.request(2);
            onOpen.accept(message);
        } else if (!message.hasChecksums()
                || !opened
                || message.getChecksums().getChecksums().size() % Long.BYTES != 0) {
            fail("messages of a Snapshot in a wrong order, or half a checksum");
        } else if (!parts.offer(message.getChecksums().getChecksums())) {
            fail("more messages than were asked for");
        }
    }

    private void fail(String why) {
        broken = true;
        if (!opened) {
            call.onError(PeerService.invalid(why));
        }
    }

    @Override
    public void onError(Throwable failure) {
        broken = true;
    }

    @Override
    public void onCompleted() {
        ended = true;
    }

    @Override
    public long next() throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(STALL_SECONDS);
        while (!part.hasRemaining()) {
            take(end);
        }
        return part.getLong();
    }

    private void take(long end) throws IOException {
        if (broken || call.isCancelled()) {
            throw new IOException("the caller has gone away, or sends what cannot be understood");
        }
        try {
            boolean last = ended;
            ByteString next = parts.poll(last ? 0 : 100, TimeUnit.MILLISECONDS);
            if (next != null) {
                part = next.asReadOnlyByteBuffer();
                call.request(1);
            } else if (last || System.nanoTime() - end > 0) {
                throw new IOException("the caller sends fewer checksums than it said");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("this node stops", e);
        }
    }
}
