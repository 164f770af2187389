package io.ltxfs.node.cli.doctor;

import io.ltxfs.node.config.LtxfsConfig;
import java.util.ArrayList;
import java.util.List;

/** All checks, in the order in which a person would ask. */
public final class Doctor {
    private Doctor() {}

    /** Runs them; takes a few seconds at most. */
    public static List<Finding> run(LtxfsConfig config) {
        List<Finding> findings = new ArrayList<>(MachineChecks.run(config));
        findings.addAll(ProcessChecks.run(config.mount()));
        findings.addAll(SqliteChecks.run(config.mount()));
        return findings;
    }
}
