package io.ltxfs.node.cli;

import io.ltxfs.node.Version;
import io.ltxfs.objectstore.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says which version of ltxfs this is, and on what it runs. */
@Command(name = "version", description = "Say which version of ltxfs this is.")
final class VersionCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Option(names = "--json", description = "Print one JSON document.")
    boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() {
        String java = System.getProperty("java.version");
        String system = System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch");
        if (json) {
            Map<String, Object> out = new LinkedHashMap<>();
            out.put("version", Version.text());
            out.put("java", java);
            out.put("system", system);
            spec.commandLine().getOut().print(Json.writePretty(out));
        } else {
            spec.commandLine().getOut().println("ltxfs " + Version.text() + " (Java " + java + ", " + system + ")");
        }
        spec.commandLine().getOut().flush();
        return ExitCode.DONE;
    }
}
