package io.ltxfs.node.cli;

import io.ltxfs.node.cli.doctor.Doctor;
import io.ltxfs.node.cli.doctor.Finding;
import io.ltxfs.node.config.LtxfsConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Runs over what goes wrong in the field: a line each, ok or what to do. */
@Command(
        name = "doctor",
        description = "Check what goes wrong in the field: a line each, ok or what to do. Exit 1 if something keeps"
                + " ltxfs from working.",
        footer = {"", "Example: sudo ltxfs doctor"})
final class DoctorCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    NodeOptions node = new NodeOptions();

    @Mixin
    Report report = new Report();

    @Override
    public Integer call() {
        LtxfsConfig config = node.load().config();
        Optional<NodeClient> running = NodeClient.find(config);
        List<Finding> findings = Doctor.run(
                config,
                running.map(NodeClient::mount).orElse(config.mount()),
                running.map(NodeClient::archive).orElse(config.archive().url().text()));
        List<Map<String, Object>> document = new ArrayList<>();
        for (Finding finding : findings) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("level", word(finding));
            entry.put("subject", finding.subject());
            entry.put("text", finding.text());
            document.add(entry);
        }
        report.print(document, out -> {
            for (Finding finding : findings) {
                out.printf("%-4s  %s: %s%n", word(finding), finding.subject(), finding.text());
            }
        });
        boolean failed = findings.stream().anyMatch(finding -> finding.level() == Finding.Level.FAIL);
        return failed ? ExitCode.FAILED : ExitCode.DONE;
    }

    private static String word(Finding finding) {
        return finding.level().name().toLowerCase(Locale.ROOT);
    }
}
