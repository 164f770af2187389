package io.ltxfs.node.cli;

import io.ltxfs.node.Version;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Says which version of ltxfs this is, and on what it runs. */
@Command(name = "version", description = "Say which version of ltxfs this is.")
final class VersionCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    Report report = new Report();

    @Override
    public Integer call() {
        String java = System.getProperty("java.version");
        String system = System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch");
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("version", Version.text());
        document.put("java", java);
        document.put("system", system);
        report.print(document, out -> out.println("ltxfs " + Version.text() + " (Java " + java + ", " + system + ")"));
        return ExitCode.DONE;
    }
}
