package io.ltxfs.node.cli.doctor;

import io.ltxfs.objectstore.FileUrl;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.ObjectStores;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.probe.ProbeResult;
import io.ltxfs.objectstore.probe.StoreProbe;
import io.ltxfs.objectstore.s3.S3Check;
import io.ltxfs.objectstore.s3.S3Store;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/** Checks of the archive's store: that it is there, lets us in, and honours conditional writes. */
final class StoreChecks {
    /** How often two writers race: a server that looks and writes in two steps shows it in few. */
    private static final int RACES = 2;

    private StoreChecks() {}

    /**
     * Runs them; leaves nothing behind.
     *
     * @param url of the archive; empty if there is none
     * @param data the node's data directory, below which the archive's directory is made when it is needed
     */
    static List<Finding> run(String url, Path data) {
        if (url.isEmpty()) {
            return List.of(Finding.warn("archive", "none: what is not in the transaction log cannot be restored"));
        }
        List<Finding> findings = new ArrayList<>();
        try (ObjectStore store = ObjectStores.open(url)) {
            Path directory = url.startsWith("file:") ? Path.of(FileUrl.path(url)) : data;
            if (directory.startsWith(data) && !directory.equals(data) && !Files.exists(directory)) {
                return List.of(Finding.ok("archive", directory + " is not there yet: 'ltxfs run' makes it"));
            }
            boolean reachable = true;
            if (store instanceof S3Store s3) {
                for (S3Check check : s3.check()) {
                    findings.add(of(check));
                    reachable &= check.level() != S3Check.Level.FAIL;
                }
            }
            if (reachable) {
                findings.add(probe(store));
            }
        } catch (IllegalArgumentException e) {
            findings.add(Finding.fail("archive", String.valueOf(e.getMessage())));
        }
        return findings;
    }

    private static Finding probe(ObjectStore store) {
        try {
            ProbeResult result = new StoreProbe(store, new SecureRandom(), RACES).run();
            return result.isFit()
                    ? Finding.ok("archive", store.describe() + ": can be written, and conditional writes are honoured")
                    : Finding.fail("archive", result.message());
        } catch (StoreException e) {
            return Finding.fail("archive", String.valueOf(e.getMessage()));
        }
    }

    private static Finding of(S3Check check) {
        String subject = "archive " + check.subject();
        return switch (check.level()) {
            case OK -> Finding.ok(subject, check.text());
            case WARN -> Finding.warn(subject, check.text());
            case FAIL -> Finding.fail("archive", check.text());
        };
    }
}
