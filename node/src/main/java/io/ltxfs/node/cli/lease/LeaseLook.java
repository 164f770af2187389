package io.ltxfs.node.cli.lease;

import io.ltxfs.lease.Lease;
import io.ltxfs.lease.LeaseObject;
import io.ltxfs.node.cli.CliException;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Reads the lease object, and watches it for a time: only a change shows that its holder lives. */
final class LeaseLook {
    private static final long PAUSE_MILLIS = 100;

    private LeaseLook() {}

    /**
     * What was seen.
     *
     * @param seen the last version
     * @param changed whether there was more than one
     * @param watched for how long it was watched
     */
    record Watched(Lease.Seen seen, boolean changed, Duration watched) {}

    /** Reads it; empty if there is none. */
    static Optional<Lease.Seen> read(LeaseObject object) {
        try {
            return Optional.of(object.read());
        } catch (StoreException e) {
            if (e.kind() == StoreException.Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw new CliException(
                    ExitCode.FAILED, "lease", String.valueOf(e.getMessage()), "try again when the store answers", e);
        } catch (IOException e) {
            throw new CliException(
                    ExitCode.DATA_WRONG, "lease", String.valueOf(e.getMessage()), "see 'ltxfs lease break --help'", e);
        }
    }

    /** Watches it until it changes, or a time has passed. */
    static Watched watch(LeaseObject object, Lease.Seen first, Duration atMost) throws InterruptedException {
        long start = System.nanoTime();
        while (true) {
            Duration watched = Duration.ofNanos(System.nanoTime() - start);
            if (watched.compareTo(atMost) >= 0) {
                return new Watched(first, false, watched);
            }
            Thread.sleep(PAUSE_MILLIS);
            Lease.Seen now = read(object).orElseThrow(() -> gone(object));
            if (!now.etag().equals(first.etag())) {
                return new Watched(now, true, Duration.ofNanos(System.nanoTime() - start));
            }
        }
    }

    private static CliException gone(LeaseObject object) {
        return new CliException(
                ExitCode.NOT_FOUND,
                object.describe(),
                "it was deleted a moment ago",
                "put it back with 'ltxfs lease break --epoch N'");
    }
}
