package io.ltxfs.fusefs.kernel;

import io.ltxfs.fusefs.Mounting;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.MountOptions;
import io.ltxfs.fusefs.transport.MountedFileSystem;
import io.ltxfs.fusefs.transport.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A real mount for one test, below a directory of the test's. */
final class RealMount implements AutoCloseable {
    final Path backing;
    final Path path;
    final MountedFileSystem mounted;

    private RealMount(Path backing, Path path, MountedFileSystem mounted) {
        this.backing = backing;
        this.path = path;
        this.mounted = mounted;
    }

    /** Makes the file system for a backing directory. */
    interface Maker {
        FileSystem make(Path backing) throws Exception;
    }

    static RealMount passthrough(Path directory, Transport transport, boolean writeBack) throws Exception {
        return of(directory, transport, writeBack, PassthroughFileSystem::new);
    }

    static RealMount passthroughLike(Path directory, Maker maker) throws Exception {
        return passthroughLike(directory, new KernelTransport(), maker);
    }

    static RealMount passthroughLike(Path directory, Transport transport, Maker maker) throws Exception {
        return of(directory, transport, false, maker);
    }

    private static RealMount of(Path directory, Transport transport, boolean writeBack, Maker maker) throws Exception {
        Mounting.assumePossible();
        Path backing = Files.createDirectory(directory.resolve("backing"));
        Path path = Files.createDirectory(directory.resolve("mount"));
        FileSystem fileSystem = maker.make(backing);
        return new RealMount(backing, path, transport.mount(fileSystem, new MountOptions(path, 0, writeBack)));
    }

    @Override
    public void close() throws IOException {
        if (!mounted.unmount(false)) {
            mounted.abort();
            mounted.unmount(true);
        }
        boolean ended;
        try {
            ended = mounted.awaitEnd(Duration.ofSeconds(60));
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
        if (!ended) {
            throw new AssertionError("the mount's threads have not ended");
        }
    }
}
