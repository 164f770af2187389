package io.ltxfs.node.cli;

import io.ltxfs.node.config.ConfigLoader;
import io.ltxfs.node.config.ConfigRequest;
import io.ltxfs.node.config.LoadedConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that say which node is meant. */
public final class NodeOptions {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "The configuration (default: /etc/ltxfs/ltxfs.yml if it is there; ~/.config/ltxfs/ltxfs.yml"
                    + " for others than root).")
    @Nullable
    Path config;

    @Option(names = "--data", paramLabel = "DIR", description = "The node's data directory (key data).")
    @Nullable
    String data;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Any key of the configuration, dotted; the value is YAML:%n--set archive.levels=[2s,5s]")
    List<String> settings = new ArrayList<>();

    /** Loads the configuration; named options count more than {@code --set}, and that more than the file. */
    public LoadedConfig load() {
        return load(List.of());
    }

    /** Loads the configuration with more settings, {@code KEY=VALUE}, that count most. */
    LoadedConfig load(List<String> more) {
        List<String> all = new ArrayList<>(settings);
        if (data != null) {
            all.add("data=" + quoted(data));
        }
        all.addAll(more);
        return ConfigLoader.load(ConfigRequest.ofProcess(Optional.ofNullable(config), all));
    }

    /** Loads the configuration with {@code --archive}; null if it is not given. */
    LoadedConfig loadWithArchive(@Nullable String url) {
        return url == null ? load() : load(List.of("archive.url=" + quoted(url)));
    }

    /** A text as YAML that stands for exactly it. */
    static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
