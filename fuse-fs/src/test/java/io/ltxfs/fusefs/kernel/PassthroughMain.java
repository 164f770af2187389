package io.ltxfs.fusefs.kernel;

import io.ltxfs.fusefs.transport.MountOptions;
import io.ltxfs.fusefs.transport.MountedFileSystem;
import java.nio.file.Path;
import java.time.Duration;

/** Mounts a directory through this process until it is unmounted: for measurements, and for tests that kill it. */
public final class PassthroughMain {
    private PassthroughMain() {}

    /** @param args backing directory, mount point, threads, and {@code writeback} for that mode */
    public static void main(String[] args) throws Exception {
        boolean writeBack = args.length > 3 && args[3].equals("writeback");
        MountOptions options = new MountOptions(Path.of(args[1]), Integer.parseInt(args[2]), writeBack);
        MountedFileSystem mount = new KernelTransport().mount(new PassthroughFileSystem(Path.of(args[0])), options);
        System.out.println("mounted");
        while (!mount.awaitEnd(Duration.ofDays(1))) {
            // until it is unmounted
        }
        System.out.println(mount.counters().snapshot());
    }
}
