package io.ltxfs.fusefs.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which process a thread belongs to (proc(5), {@code Tgid} in {@code /proc/<tid>/status}). */
final class ThreadGroups {
    private static final String KEY = "Tgid:";

    private ThreadGroups() {}

    /** The process of a thread; 0 if there is no such thread any more, or it cannot be read. */
    static int processOf(int tid) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + tid + "/status"), StandardCharsets.ISO_8859_1)) {
                if (line.startsWith(KEY)) {
                    return Integer.parseInt(line.substring(KEY.length()).trim());
                }
            }
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
        return 0;
    }
}
