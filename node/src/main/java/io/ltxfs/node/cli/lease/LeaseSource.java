package io.ltxfs.node.cli.lease;

import io.ltxfs.lease.LeaseStores;
import io.ltxfs.node.cli.CliException;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.node.cli.NodeOptions;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.objectstore.ObjectStore;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options that say which lease is meant. */
final class LeaseSource {
    /** For a lease that is named without a configuration; a lease object says its own. */
    private static final Duration TTL = Duration.ofSeconds(5);

    /** A person waits longer than a node that has a term to lose. */
    private static final int PATIENCE = 4;

    @Mixin
    NodeOptions node = new NodeOptions();

    @Option(names = "--lease", paramLabel = "URL", description = "Where the lease is (key lease.url).")
    @Nullable
    String url;

    /** A lease's place. */
    record Place(String url, Duration ttl) {
        ObjectStore open() {
            try {
                return LeaseStores.open(url, ttl.multipliedBy(PATIENCE));
            } catch (IllegalArgumentException e) {
                throw new CliException(
                        ExitCode.WRONG_USAGE, "lease.url", String.valueOf(e.getMessage()), "correct it", e);
            }
        }
    }

    Place place() {
        String named = url;
        if (named != null) {
            return new Place(named, TTL);
        }
        LtxfsConfig.Lease lease = node.load().config().lease();
        if (lease.url().isNone()) {
            throw new CliException(
                    ExitCode.WRONG_USAGE,
                    "lease.url",
                    "is local: this node is alone, and there is no lease",
                    "name a configuration with -c FILE, or the lease with --lease URL");
        }
        return new Place(lease.url().text(), lease.ttl());
    }
}
