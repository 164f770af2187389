package io.ltxfs.node.cli.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Checks of the SQLite libraries on the path and in processes that use the mount. Versions before 3.51.3 can corrupt a
 * WAL database when the WAL is reset (sqlite.org/wal.html#walresetbug).
 */
final class SqliteChecks {
    private static final int[] FIXED = {3, 51, 3};
    private static final Pattern VERSION = Pattern.compile("([0-9]+)\\.([0-9]+)\\.([0-9]+)");

    /** In every build of SQLite: the date, the hash of its check-in, and before or after it the version's text. */
    private static final Pattern SOURCE_ID =
            Pattern.compile("20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9a-f]{40,64}");

    private static final Pattern VERSION_TEXT = Pattern.compile("\\x00(3\\.[0-9]{1,2}\\.[0-9]{1,2})\\x00");
    private static final long LIBRARY_BYTES_MAX = 128L << 20;

    private SqliteChecks() {}

    static List<Finding> run(Path mount) {
        List<Finding> findings = new ArrayList<>(onThePath());
        Map<Path, TreeSet<String>> users = inProcesses(mount);
        users.forEach((library, processes) -> versionOf(library)
                .ifPresent(version -> findings.add(
                        judge("sqlite " + library, version, " in use by " + String.join(", ", processes)))));
        return findings;
    }

    private static List<Finding> onThePath() {
        try {
            Process shell = new ProcessBuilder("sqlite3", "-version")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String said = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            Matcher version = VERSION.matcher(said);
            return version.lookingAt() ? List.of(judge("sqlite3 shell", version.group(), "")) : List.of();
        } catch (IOException e) {
            return List.of(Finding.ok("sqlite3 shell", "not installed"));
        }
    }

    private static Finding judge(String subject, String version, String more) {
        if (isFixed(version)) {
            return Finding.ok(subject, version + more);
        }
        return Finding.warn(
                subject,
                version + more + ": can corrupt a WAL database when the WAL is reset; use 3.51.3 or newer"
                        + " (sqlite.org/wal.html#walresetbug)");
    }

    /** Whether a version has the fix. */
    static boolean isFixed(String version) {
        Matcher parts = VERSION.matcher(version);
        if (!parts.lookingAt()) {
            return false;
        }
        for (int i = 0; i < FIXED.length; i++) {
            int part = Integer.parseInt(parts.group(i + 1));
            if (part != FIXED[i]) {
                return part > FIXED[i];
            }
        }
        return true;
    }

    /** Libraries and programs that hold SQLite, of processes with a file of the mount open, and those processes. */
    private static Map<Path, TreeSet<String>> inProcesses(Path mount) {
        Map<Path, TreeSet<String>> users = new TreeMap<>();
        for (long pid : ProcessChecks.usersOf(mount)) {
            Path maps = Path.of("/proc", Long.toString(pid), "maps");
            try {
                for (String line : Files.readAllLines(maps, StandardCharsets.ISO_8859_1)) {
                    int slash = line.indexOf('/');
                    if (slash > 0 && line.contains(" r-xp ") && !line.startsWith(mount + "/", slash)) {
                        users.computeIfAbsent(Path.of(line.substring(slash)), path -> new TreeSet<>())
                                .add(ProcessChecks.name(pid));
                    }
                }
            } catch (IOException e) {
                // it ended, or is another user's
            }
        }
        return users;
    }

    /** The version of the SQLite in a library or program; empty if there is none in it. */
    static Optional<String> versionOf(Path file) {
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > LIBRARY_BYTES_MAX) {
                return Optional.empty();
            }
            String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
            if (!SOURCE_ID.matcher(bytes).find()) {
                return Optional.empty();
            }
            Matcher version = VERSION_TEXT.matcher(bytes);
            return version.find() ? Optional.of(version.group(1)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
