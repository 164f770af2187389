package io.ltxfs.node.cli;

import io.ltxfs.node.config.LoadedConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of {@code ltxfs run}. */
final class RunOptions {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    NodeOptions node = new NodeOptions();

    @Option(names = "--mount", paramLabel = "DIR", description = "Where the databases appear (key mount).")
    @Nullable
    String mount;

    @Option(names = "--archive", paramLabel = "URL|none", description = "Where the archive is (key archive.url).")
    @Nullable
    String archive;

    @Option(names = "--lease", paramLabel = "URL|local", description = "Where the lease is (key lease.url).")
    @Nullable
    String lease;

    @Option(names = "--user", paramLabel = "NAME", description = "Run the command as this user.")
    @Nullable
    String user;

    @Option(
            names = "--primary-only",
            description = "Start the command only once this node is the primary, for migrations.")
    boolean primaryOnly;

    LoadedConfig load() {
        List<String> settings = new ArrayList<>();
        add(settings, "mount", mount);
        add(settings, "archive.url", archive);
        add(settings, "lease.url", lease);
        if (global.debug) {
            settings.add("log-level=debug");
        }
        return node.load(settings);
    }

    private static void add(List<String> settings, String key, @Nullable String value) {
        if (value != null) {
            settings.add(key + "=" + NodeOptions.quoted(value));
        }
    }
}
