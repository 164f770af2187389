package io.ltxfs.node.guard;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The processes of one app: the first one, what it started, and every process with the app's mark in its environment.
 * The mark finds those that went into the background or into sessions of their own, which the tree does not.
 *
 * @param pid the app's first process
 * @param mark the value of {@link #VARIABLE}
 */
public record MarkedProcesses(long pid, String mark) {
    /** The variable that marks the processes of one app. */
    public static final String VARIABLE = "LTXFS_RUN_ID";

    /** Those that are alive. Marked ones of other users are not seen unless this process is root's. */
    public List<Long> alive() {
        Set<Long> pids = new LinkedHashSet<>();
        ProcessHandle.of(pid).ifPresent(first -> {
            if (first.isAlive()) {
                pids.add(pid);
            }
            first.descendants().forEach(handle -> pids.add(handle.pid()));
        });
        pids.addAll(marked());
        pids.remove(ProcessHandle.current().pid());
        pids.removeIf(MarkedProcesses::isZombie);
        return List.copyOf(pids);
    }

    /** Sends SIGTERM to all of them. */
    public void terminate() {
        for (long each : alive()) {
            ProcessHandle.of(each).ifPresent(ProcessHandle::destroy);
        }
    }

    /** Sends SIGKILL to all of them, again for those that were made meanwhile. */
    public void kill() {
        for (int round = 0; round < 5; round++) {
            List<Long> pids = alive();
            if (pids.isEmpty()) {
                return;
            }
            for (long each : pids) {
                ProcessHandle.of(each).ifPresent(ProcessHandle::destroyForcibly);
            }
        }
    }

    private List<Long> marked() {
        byte[] wanted = (VARIABLE + "=" + mark).getBytes(StandardCharsets.UTF_8);
        List<Long> pids = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path entry : entries) {
                if (hasMark(entry.resolve("environ"), wanted)) {
                    pids.add(Long.parseLong(String.valueOf(entry.getFileName())));
                }
            }
        } catch (IOException e) {
            // without /proc the tree of processes has to do
        }
        return pids;
    }

    /** One that has ended and waits for its parent to ask. */
    private static boolean isZombie(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
            int state = stat.lastIndexOf(')') + 2;
            return state < stat.length() && stat.charAt(state) == 'Z';
        } catch (IOException e) {
            return true; // it has gone
        }
    }

    private static boolean hasMark(Path environ, byte[] wanted) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(environ);
        } catch (IOException e) {
            return false; // it ended, or is another user's
        }
        for (int start = 0; start + wanted.length <= bytes.length; start++) {
            int i = 0;
            while (i < wanted.length && bytes[start + i] == wanted[i]) {
                i++;
            }
            if (i == wanted.length) {
                return true;
            }
            while (start < bytes.length && bytes[start] != 0) {
                start++;
            }
        }
        return false;
    }
}
