package io.ltxfs.node.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What to make a configuration of.
 *
 * @param file the file that was asked for; empty: the first of the usual places that exists
 * @param settings {@code KEY=VALUE} from the command line, later ones count
 * @param environment the variables that {@code ${VAR}} names
 * @param root whether the process is root: other defaults for mount and data
 * @param hostname the machine's name
 */
public record ConfigRequest(
        Optional<Path> file, List<String> settings, Map<String, String> environment, boolean root, String hostname) {
    /** Asks for this process' configuration. */
    public static ConfigRequest ofProcess(Optional<Path> file, List<String> settings) {
        boolean root = "root".equals(System.getProperty("user.name"));
        return new ConfigRequest(file, List.copyOf(settings), System.getenv(), root, readHostname());
    }

    /** Where a configuration is looked for when none is named. */
    List<Path> usualPlaces() {
        Path home = HomeDirectory.get();
        Path machine = Path.of("/etc/ltxfs/ltxfs.yml");
        return root ? List.of(machine) : List.of(home.resolve(".config/ltxfs/ltxfs.yml"), machine);
    }

    private static String readHostname() {
        try {
            String name = Files.readString(Path.of("/proc/sys/kernel/hostname"), StandardCharsets.UTF_8)
                    .strip();
            return name.isEmpty() ? "localhost" : name;
        } catch (IOException e) {
            return "localhost";
        }
    }
}
