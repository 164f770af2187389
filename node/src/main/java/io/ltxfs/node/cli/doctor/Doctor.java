package io.ltxfs.node.cli.doctor;

import io.ltxfs.node.config.LtxfsConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** All checks, in the order in which a person would ask. */
public final class Doctor {
    private Doctor() {}

    /**
     * Runs them; takes a few seconds, and longer only if the archive's store does not answer.
     *
     * @param mount of the running node, or as configured
     * @param archive its archive's URL, or as configured; empty for none
     */
    public static List<Finding> run(LtxfsConfig config, Path mount, String archive) {
        List<Finding> findings = new ArrayList<>(MachineChecks.run(mount, config.data()));
        findings.addAll(ProcessChecks.run(mount));
        findings.addAll(SqliteChecks.run(mount));
        findings.addAll(StoreChecks.run(archive, config.data()));
        findings.addAll(ClusterChecks.run(config));
        return findings;
    }
}
