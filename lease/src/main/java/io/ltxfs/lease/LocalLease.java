package io.ltxfs.lease;

import java.util.Optional;

/** A node that is the only one ({@code lease.url: local}): it always may, under epoch 0. */
public final class LocalLease implements Lease {
    @Override
    public long epochHeld() {
        return 0;
    }

    @Override
    public Status status() {
        return new Status(true, 0, 0, Optional.empty(), Optional.empty());
    }

    @Override
    public void candidate(boolean wanted) {}

    @Override
    public void release() {}

    @Override
    public void handOver(String holder, String node, String advertise) {
        throw new IllegalStateException("a node that is alone has nobody to hand over to");
    }

    @Override
    public void sighted(String etag, long epoch) {}

    @Override
    public Optional<String> etag() {
        return Optional.empty();
    }

    @Override
    public void close() {}
}
