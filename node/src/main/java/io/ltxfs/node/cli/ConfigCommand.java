package io.ltxfs.node.cli;

import io.ltxfs.node.config.LoadedConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Checks and shows the configuration. */
@Command(
        name = "config",
        description = "Check or show the configuration.",
        subcommands = {ConfigCommand.Check.class, ConfigCommand.Show.class})
final class ConfigCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "name check or show");
    }

    /** Says whether the configuration is right, and what of it has no effect yet. */
    @Command(
            name = "check",
            description = "Check the configuration; exit 2 and name the key if something is wrong.",
            footer = {"", "Example: ltxfs config check -c ltxfs.yml"})
    static final class Check implements Callable<Integer> {
        @Mixin
        GlobalOptions global = new GlobalOptions();

        @Mixin
        NodeOptions node = new NodeOptions();

        @Mixin
        Report report = new Report();

        @Override
        public Integer call() {
            LoadedConfig loaded = node.load();
            String file = loaded.file().map(Object::toString).orElse("");
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("ok", true);
            document.put("file", file);
            document.put("warnings", loaded.notices());
            report.print(document, out -> {
                loaded.notices().forEach(notice -> out.println("note: " + notice));
                out.println("ok: " + (file.isEmpty() ? "no file, the defaults" : file));
            });
            return ExitCode.DONE;
        }
    }

    /** Shows the whole configuration with its defaults. */
    @Command(
            name = "show",
            description = "Show the whole configuration, defaults and all, as YAML.",
            footer = {"", "Example: ltxfs config show --set http.listen=127.0.0.1:0"})
    static final class Show implements Callable<Integer> {
        @Mixin
        GlobalOptions global = new GlobalOptions();

        @Mixin
        NodeOptions node = new NodeOptions();

        @Mixin
        Report report = new Report();

        @Override
        public Integer call() {
            LoadedConfig loaded = node.load();
            report.print(loaded.document(), out -> out.print(loaded.yaml()));
            return ExitCode.DONE;
        }
    }
}
