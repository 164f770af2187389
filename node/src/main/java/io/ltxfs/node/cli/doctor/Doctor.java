package io.ltxfs.node.cli.doctor;

import io.ltxfs.node.config.LtxfsConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** All checks, in the order in which a person would ask. */
public final class Doctor {
    private Doctor() {}

    /** Runs them; takes a few seconds at most. @param mount of the running node, or as configured */
    public static List<Finding> run(LtxfsConfig config, Path mount) {
        List<Finding> findings = new ArrayList<>(MachineChecks.run(mount, config.data()));
        findings.addAll(ProcessChecks.run(mount));
        findings.addAll(SqliteChecks.run(mount));
        return findings;
    }
}
