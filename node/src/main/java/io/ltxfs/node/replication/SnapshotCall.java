package io.ltxfs.node.replication;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.ltxfs.replicationproto.PageChecksums;
import io.ltxfs.replicationproto.PeerGrpc;
import io.ltxfs.replicationproto.SnapshotAnswer;
import io.ltxfs.replicationproto.SnapshotEnd;
import io.ltxfs.replicationproto.SnapshotHead;
import io.ltxfs.replicationproto.SnapshotOpen;
import io.ltxfs.replicationproto.SnapshotRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One Snapshot call: sends checksums as fast as they are wanted, and gives the answers to one thread that waits for them. */
final class SnapshotCall implements AutoCloseable {
    private static final int CHECKSUMS_PER_MESSAGE = 16 * 1024;
    private static final int AHEAD = 8;
    private static final long STALL_SECONDS = 60;

    /** The checksums of the pages that the caller has. */
    interface Checksums {
        /** 0 if there are no pages. */
        int pageSize();

        int count();

        /** @return 0 for a page that is not there */
        long of(int pgno);
    }

    private final String address;
    private final long epoch;
    private final Checksums checksums;
    private final BlockingQueue<SnapshotAnswer> answers = new ArrayBlockingQueue<>(AHEAD + 1);
    private final Stream stream = new Stream();
    private volatile @Nullable Throwable failure;
    private volatile boolean completed;
    private @Nullable SnapshotAnswer ahead;

    SnapshotCall(Channel channel, String address, long epoch, String database, Checksums checksums) {
        this.address = address;
        this.epoch = epoch;
        this.checksums = checksums;
        stream.database = database;
        PeerGrpc.newStub(channel).snapshot(stream);
    }

    private final class Stream implements ClientResponseObserver<SnapshotRequest, SnapshotAnswer> {
        private String database = "";
        private @Nullable ClientCallStreamObserver<SnapshotRequest> call;
        private boolean opened;
        private boolean ended;
        private int next = 1;

        @Override
        public void beforeStart(ClientCallStreamObserver<SnapshotRequest> made) {
            call = made;
            made.disableAutoRequestWithInitial(AHEAD);
            made.setOnReadyHandler(() -> send(made));
        }

        private synchronized void send(ClientCallStreamObserver<SnapshotRequest> to) {
            while (to.isReady() && !ended) {
                if (!opened) {
                    opened = true;
                    to.onNext(request()
                            .setOpen(SnapshotOpen.newBuilder()
                                    .setDatabase(database)
                                    .setPageSize(checksums.pageSize())
                                    .setPages(checksums.count()))
                            .build());
                } else if (next <= checksums.count()) {
                    to.onNext(request()
                            .setChecksums(PageChecksums.newBuilder().setChecksums(part()))
                            .build());
                } else {
                    ended = true;
                    to.onCompleted();
                }
            }
        }

        private ByteString part() {
            int count = Math.min(CHECKSUMS_PER_MESSAGE, checksums.count() - next + 1);
            ByteBuffer buffer = ByteBuffer.allocate(count * Long.BYTES);
            for (int i = 0; i < count; i++) {
                buffer.putLong(checksums.of(next++));
            }
            return UnsafeByteOperations.unsafeWrap(buffer.flip());
        }

        private SnapshotRequest.Builder request() {
            return SnapshotRequest.newBuilder().setEpoch(epoch);
        }

        @Override
        public void onNext(SnapshotAnswer answer) {
            if (!answers.offer(answer)) {
                failure = new IOException(address + ": more answers came than were asked for");
            }
        }

        @Override
        public void onError(Throwable why) {
            failure = why;
        }

        @Override
        public void onCompleted() {
            completed = true;
        }

        void requestOne() {
            ClientCallStreamObserver<SnapshotRequest> to = call;
            if (to != null) {
                to.request(1);
            }
        }

        synchronized void cancel() {
            ClientCallStreamObserver<SnapshotRequest> to = call;
            if (to != null && !completed) {
                to.cancel("not needed any more", null);
            }
        }
    }

    /** The next answer; not taken. */
    private SnapshotAnswer peek() throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(STALL_SECONDS);
        while (ahead == null) {
            Throwable why = failure;
            boolean over = completed;
            SnapshotAnswer next = poll(why != null || over ? 0 : 50);
            if (next != null) {
                SnapshotTaker.requireEpoch(address, next, epoch);
                ahead = next;
                stream.requestOne();
            } else if (why != null) {
                throw Refusals.toException(address, why);
            } else if (over) {
                throw new IOException(address + ": a snapshot ended before its end");
            } else if (System.nanoTime() - end > 0) {
                throw new IOException(address + ": nothing came of a snapshot for " + STALL_SECONDS + " s");
            }
        }
        return ahead;
    }

    private @Nullable SnapshotAnswer poll(long millis) throws IOException {
        try {
            return answers.poll(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("taking a snapshot was interrupted", e);
        }
    }

    SnapshotHead head() throws IOException {
        SnapshotAnswer answer = peek();
        if (!answer.hasHead()) {
            throw new IOException(address + ": a snapshot does not begin with its position");
        }
        ahead = null;
        return answer.getHead();
    }

    /** The LTX file, up to the end of what came. */
    InputStream ltx() {
        return new InputStream() {
            private ByteBuffer part = ByteBuffer.allocate(0);

            @Override
            public int read() throws IOException {
                return fill() ? part.get() & 0xff : -1;
            }

            @Override
            public int read(byte[] bytes, int from, int length) throws IOException {
                if (length == 0) {
                    return 0;
                }
                if (!fill()) {
                    return -1;
                }
                int count = Math.min(length, part.remaining());
                part.get(bytes, from, count);
                return count;
            }

            private boolean fill() throws IOException {
                while (!part.hasRemaining()) {
                    SnapshotAnswer answer = peek();
                    if (answer.getMessageCase() != SnapshotAnswer.MessageCase.LTX) {
                        return false;
                    }
                    part = answer.getLtx().asReadOnlyByteBuffer();
                    ahead = null;
                }
                return true;
            }
        };
    }

    /** What the end must say. */
    void expectPages(long count) throws IOException {
        SnapshotEnd end = peek().getEnd();
        if (Integer.toUnsignedLong(end.getPages()) != count) {
            throw new IOException(address + ": a snapshot has " + count + " pages, its end says "
                    + Integer.toUnsignedString(end.getPages()));
        }
    }

    void end() throws IOException {
        if (!peek().hasEnd()) {
            throw new IOException(address + ": a snapshot has messages in a wrong order");
        }
        ahead = null;
    }

    @Override
    public void close() {
        stream.cancel();
    }
}
