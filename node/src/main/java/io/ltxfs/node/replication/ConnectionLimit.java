package io.ltxfs.node.replication;

import io.grpc.Attributes;
import io.grpc.ServerTransportFilter;
import java.util.concurrent.atomic.AtomicInteger;

/** Bounds how many connections there are: one beyond that is closed before its first call. */
final class ConnectionLimit extends ServerTransportFilter {
    private final int max;
    private final AtomicInteger open = new AtomicInteger();

    ConnectionLimit(int max) {
        this.max = max;
    }

    @Override
    public Attributes transportReady(Attributes attributes) {
        if (open.incrementAndGet() > max) {
            throw new IllegalStateException("there are " + max + " connections already");
        }
        return attributes;
    }

    @Override
    public void transportTerminated(Attributes attributes) {
        open.decrementAndGet();
    }
}
