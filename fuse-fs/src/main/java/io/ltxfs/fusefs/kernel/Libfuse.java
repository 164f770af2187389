package io.ltxfs.fusefs.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import org.jspecify.annotations.Nullable;

/** What is used of libfuse 2 (fuse_common.h): mounting for a user who may not, by way of {@code fusermount}. */
final class Libfuse {
    private static final String LIBRARY = "libfuse.so.2";
    static final String HELPER = "fusermount";

    /** The functions, as jnr-ffi binds them. */
    public interface Functions {
        /** {@code struct fuse_chan *fuse_mount(const char *mountpoint, struct fuse_args *args)}. */
        @Nullable
        Pointer fuse_mount(@In byte[] mountPoint, Pointer arguments);

        /** {@code int fuse_chan_fd(struct fuse_chan *ch)}. */
        int fuse_chan_fd(Pointer channel);
    }

    private Libfuse() {}

    /**
     * Mounts.
     *
     * @param options as for {@code fusermount -o}
     * @return the descriptor of {@code /dev/fuse} that serves the mount
     */
    static int mount(Path mountPoint, String options) throws IOException {
        Functions functions = require();
        Runtime runtime = Runtime.getSystemRuntime();
        Pointer name = text(runtime, "ltxfs");
        Pointer flag = text(runtime, "-o");
        Pointer value = text(runtime, options);
        int word = runtime.addressSize();
        Pointer argv = Memory.allocateDirect(runtime, 4 * word, true);
        argv.putPointer(0, name);
        argv.putPointer(word, flag);
        argv.putPointer(2L * word, value);
        // struct fuse_args { int argc; char **argv; int allocated; }
        Pointer arguments = Memory.allocateDirect(runtime, 3 * word, true);
        arguments.putInt(0, 3);
        arguments.putPointer(word, argv);
        arguments.putInt(2L * word, 0);
        Pointer channel = functions.fuse_mount(cString(mountPoint.toString()), arguments);
        if (channel == null) {
            throw HelperRefusal.explain(options.contains("allow_other"));
        }
        return functions.fuse_chan_fd(channel);
    }

    /**
     * Loads the library.
     *
     * @throws MountRefusedException if it, or {@code fusermount}, is not there
     */
    static Functions require() throws MountRefusedException {
        if (helper() == null) {
            throw missing("there is no fusermount on the path (package fuse3, or fuse)");
        }
        try {
            return LibraryLoader.create(Functions.class).failImmediately().load(LIBRARY);
        } catch (UnsatisfiedLinkError e) {
            MountRefusedException missing = missing(LIBRARY + " is not installed (package libfuse2)");
            missing.initCause(e);
            throw missing;
        }
    }

    private static MountRefusedException missing(String what) {
        return new MountRefusedException(
                "this user may mount only through libfuse 2 and fusermount, and " + what,
                "on Debian: sudo apt-get install -y libfuse2 fuse3; or run ltxfs as root, with --user NAME for the app");
    }

    /** Where {@code fusermount} is on the path; null if it is nowhere. */
    static @Nullable Path helper() {
        String path = System.getenv("PATH");
        for (String directory : (path == null ? "/usr/bin:/bin" : path).split(":")) {
            Path candidate = Path.of(directory.isEmpty() ? "." : directory, HELPER);
            if (Files.isExecutable(candidate)) {
                return candidate;
            }
        }
        return null;
    }

    private static Pointer text(Runtime runtime, String text) {
        byte[] bytes = cString(text);
        Pointer pointer = Memory.allocateDirect(runtime, bytes.length, true);
        pointer.put(0, bytes, 0, bytes.length);
        return pointer;
    }

    private static byte[] cString(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }
}
