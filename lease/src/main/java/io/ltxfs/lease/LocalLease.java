package io.ltxfs.lease;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A node that is the only one ({@code lease.url: local}): it always may, under epoch 0. */
public final class LocalLease implements Lease {
    @Override
    public long epochHeld() {
        return 0;
    }

    @Override
    public Status status() {
        return new Status(0, 0, 0, 0, Optional.empty(), false, false, Optional.empty(), List.of(), Optional.empty());
    }

    @Override
    public Counters counters() {
        return new Counters(0, 0, 0, 0);
    }

    @Override
    public String holder() {
        return "local";
    }

    @Override
    public void candidate(boolean wanted, Duration delay) {}

    @Override
    public void quorum(Quorum quorum) {}

    @Override
    public void confirm(long epoch, Consumer<Boolean> then) {
        then.accept(true);
    }

    @Override
    public void release() {}

    @Override
    public boolean handOver(String holder, String node, String advertise, boolean vouched) {
        return false;
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
