package io.ltxfs.fusefs.transport;

import java.nio.file.Path;

/**
 * How to mount.
 *
 * @param mountPoint an existing empty directory
 * @param threads how many threads read requests; 0 lets the transport choose
 * @param writeBack whether the kernel's cache gathers writes (capture mode fast) rather than sending each one (strict)
 */
public record MountOptions(Path mountPoint, int threads, boolean writeBack) {
    /** Write-through, with the transport's own choice of threads. */
    public static MountOptions strict(Path mountPoint) {
        return new MountOptions(mountPoint, 0, false);
    }
}
