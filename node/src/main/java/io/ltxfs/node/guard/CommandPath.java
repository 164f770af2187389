package io.ltxfs.node.guard;

import java.nio.file.Files;
import java.nio.file.Path;

/** Finds a program as a shell does, and says with a shell's exit codes why it cannot be run. */
final class CommandPath {
    /** A shell's code for a program that was not found. */
    static final int NOT_FOUND = 127;

    /** A shell's code for a program that cannot be run. */
    static final int NOT_RUNNABLE = 126;

    private CommandPath() {}

    /**
     * Looks a program up.
     *
     * @param searchPath the value of PATH
     * @return 0 if it is there and can be run, else {@link #NOT_FOUND} or {@link #NOT_RUNNABLE}
     */
    static int check(String program, String searchPath) {
        if (program.indexOf('/') >= 0) {
            return check(Path.of(program));
        }
        int result = NOT_FOUND;
        for (String directory : searchPath.split(":", -1)) {
            int found = check(Path.of(directory.isEmpty() ? "." : directory).resolve(program));
            if (found == 0) {
                return 0;
            }
            result = Math.min(result, found);
        }
        return program.isEmpty() ? NOT_FOUND : result;
    }

    private static int check(Path path) {
        if (!Files.exists(path)) {
            return NOT_FOUND;
        }
        return Files.isDirectory(path) || !Files.isExecutable(path) ? NOT_RUNNABLE : 0;
    }
}
