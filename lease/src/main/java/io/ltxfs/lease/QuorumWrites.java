package io.ltxfs.lease;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which quorum the lease object has while this process holds the lease: the one that is proven, at most one that was sent
 * and may be there, and at most one that is to be sent after it. Part of {@link LeaseMachine}.
 */
final class QuorumWrites {
    private @Nullable Quorum proven;
    private @Nullable Quorum sent;
    private @Nullable Quorum wanted;

    /** Begins with what the acquisition copied. */
    QuorumWrites(Optional<Quorum> stored) {
        this.proven = stored.orElse(null);
    }

    void want(Quorum quorum) {
        wanted = quorum;
    }

    /** Whether a write is to be made for it. */
    boolean isDue() {
        return sent != null || wanted != null;
    }

    /** What the next write carries. One that was sent is sent again until it is proven, so that there is never a third. */
    Optional<Quorum> forWrite() {
        if (sent == null && wanted != null) {
            sent = wanted;
            wanted = null;
        }
        return Optional.ofNullable(sent != null ? sent : proven);
    }

    /** The object is known to have this one. */
    void prove(Optional<Quorum> stored) {
        proven = stored.orElse(null);
        if (Objects.equals(sent, proven)) {
            sent = null;
        }
        if (Objects.equals(wanted, proven) && sent == null) {
            wanted = null;
        }
    }

    Optional<Quorum> proven() {
        return Optional.ofNullable(proven);
    }

    List<Quorum> possible() {
        return Stream.of(Optional.ofNullable(sent), Optional.ofNullable(wanted))
                .flatMap(Optional::stream)
                .toList();
    }
}
