package io.ltxfs.node.cli.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Checks of processes that use the mount, among them those that are stuck on it. */
final class ProcessChecks {
    private ProcessChecks() {}

    static List<Finding> run(Path mount) {
        List<Finding> findings = new ArrayList<>();
        List<String> users = new ArrayList<>();
        for (long pid : usersOf(mount)) {
            users.add(name(pid));
        }
        for (long pid : stuckInFuse()) {
            findings.add(Finding.warn(
                    "stuck process",
                    name(pid) + " waits for a FUSE file system and cannot be killed: if its ltxfs has died, write 1 to"
                            + " /sys/fs/fuse/connections/*/abort"));
        }
        findings.add(Finding.ok("processes on the mount", users.isEmpty() ? "none" : String.join(", ", users)));
        return findings;
    }

    /** Processes that have a file below a directory open. Descriptors of other users' are seen by root only. */
    static List<Long> usersOf(Path mount) {
        String prefix = mount + "/";
        List<Long> users = new ArrayList<>();
        for (long pid : all()) {
            Path descriptors = Path.of("/proc", Long.toString(pid), "fd");
            try (DirectoryStream<Path> links = Files.newDirectoryStream(descriptors)) {
                for (Path link : links) {
                    if (target(link).startsWith(prefix)) {
                        users.add(pid);
                        break;
                    }
                }
            } catch (IOException e) {
                // it ended, or is another user's
            }
        }
        return users;
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return "";
        }
    }

    /** Processes in uninterruptible sleep inside the FUSE code of the kernel. */
    private static List<Long> stuckInFuse() {
        List<Long> stuck = new ArrayList<>();
        for (long pid : all()) {
            Path directory = Path.of("/proc", Long.toString(pid));
            try {
                String stat = Files.readString(directory.resolve("stat"), StandardCharsets.ISO_8859_1);
                boolean waits = stat.charAt(stat.lastIndexOf(')') + 2) == 'D';
                if (waits && Files.readString(directory.resolve("stack")).contains("fuse_")) {
                    stuck.add(pid);
                }
            } catch (IOException | IndexOutOfBoundsException e) {
                // it ended, or the kernel does not tell
            }
        }
        return stuck;
    }

    /** A process as people know it: command and number. */
    static String name(long pid) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), "comm"))
                            .strip() + " (" + pid + ")";
        } catch (IOException e) {
            return Long.toString(pid);
        }
    }

    private static List<Long> all() {
        List<Long> pids = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path entry : entries) {
                pids.add(Long.parseLong(String.valueOf(entry.getFileName())));
            }
        } catch (IOException e) {
            // without /proc there is nothing to say
        }
        return pids;
    }
}
