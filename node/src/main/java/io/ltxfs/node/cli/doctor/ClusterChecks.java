package io.ltxfs.node.cli.doctor;

import io.ltxfs.database.posix.BootClock;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.lease.LeaseStores;
import io.ltxfs.lease.UnfitStoreException;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.replication.PeerTls;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Checks of what a node of a cluster needs: the lease's store, a clock that counts sleep, certificates. */
final class ClusterChecks {
    private ClusterChecks() {}

    static List<Finding> run(LtxfsConfig config) {
        if (!config.isCluster()) {
            return List.of();
        }
        List<Finding> findings = new ArrayList<>();
        findings.add(lease(config.lease().url().text()));
        findings.add(clock());
        findings.add(certificates(config.replication()));
        return findings;
    }

    private static Finding lease(String url) {
        try {
            LeaseStores.probe(url);
            return Finding.ok("lease", url + ": can be written, and conditional writes are honoured");
        } catch (StoreException | UnfitStoreException e) {
            return Finding.fail("lease", String.valueOf(e.getMessage()));
        }
    }

    private static Finding clock() {
        try {
            new BootClock();
            return Finding.ok("lease clock", "counts the time that the machine sleeps");
        } catch (PosixException e) {
            return Finding.fail("lease clock", e.getMessage() + ": run a newer kernel");
        }
    }

    private static Finding certificates(LtxfsConfig.Replication replication) {
        if (replication.cert().isEmpty()
                || replication.key().isEmpty()
                || replication.ca().isEmpty()) {
            return replication.listen().isLoopback()
                    ? Finding.ok("certificates", "none: peers are on this machine")
                    : Finding.warn("certificates", "none: what goes between nodes can be read; see 'ltxfs certs'");
        }
        try {
            new PeerTls(
                            replication.cert().get(),
                            replication.key().get(),
                            replication.ca().get())
                    .check();
            return Finding.ok("certificates", replication.cert().get() + " can be used");
        } catch (IOException e) {
            return Finding.fail("certificates", String.valueOf(e.getMessage()));
        }
    }
}
