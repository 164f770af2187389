package io.ltxfs.node.replication;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A stream of answers that a thread of its own writes, no faster than the caller takes them. */
final class Answer<A> {
    /** A caller that takes nothing for so long has gone away in all but name. */
    private static final long STALL_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final ServerCallStreamObserver<A> out;
    private volatile Thread writer = Thread.currentThread();

    /** Made by the thread that accepts the call. */
    Answer(ServerCallStreamObserver<A> out) {
        this.out = out;
        out.setOnReadyHandler(this::wake);
        out.setOnCancelHandler(this::wake);
    }

    private void wake() {
        LockSupport.unpark(writer);
    }

    /** Says which thread writes. */
    void begin() {
        writer = Thread.currentThread();
    }

    boolean isCancelled() {
        return out.isCancelled();
    }

    /** Waits until the caller can take it. */
    void write(A message) throws IOException {
        long end = System.nanoTime() + STALL_NANOS;
        while (!out.isReady()) {
            if (out.isCancelled()) {
                throw new IOException("the caller has gone away");
            }
            long left = end - System.nanoTime();
            if (left <= 0) {
                throw new IOException("the caller takes nothing any more");
            }
            LockSupport.parkNanos(this, left);
            if (Thread.interrupted()) {
                throw new IOException("this node stops");
            }
        }
        out.onNext(message);
    }

    void complete() {
        if (!out.isCancelled()) {
            out.onCompleted();
        }
    }

    void fail(StatusException failure) {
        if (!out.isCancelled()) {
            out.onError(failure);
        }
    }

    static StatusException busy(String what) {
        return new StatusException(
                Status.RESOURCE_EXHAUSTED.withDescription(what + " are under way already; try again later"));
    }
}
