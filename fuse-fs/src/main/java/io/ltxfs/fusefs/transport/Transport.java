package io.ltxfs.fusefs.transport;

import java.io.IOException;

/** A way of speaking to the kernel. */
public interface Transport {
    /**
     * Mounts a file system. Returns when the kernel and the transport have agreed and requests are served.
     *
     * @throws IOException if it cannot be mounted; the message says why and what to do
     */
    MountedFileSystem mount(FileSystem fileSystem, MountOptions options) throws IOException;
}
