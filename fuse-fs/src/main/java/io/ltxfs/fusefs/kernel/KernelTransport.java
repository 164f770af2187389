package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.MountOptions;
import io.ltxfs.fusefs.transport.MountedFileSystem;
import io.ltxfs.fusefs.transport.Transport;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Speaks to {@code /dev/fuse} and mounts with mount(2). Needs CAP_SYS_ADMIN and the device.
 *
 * <p>Permissions are checked by the kernel ({@code default_permissions}) and, unless told otherwise, every user may come
 * ({@code allow_other}): the app need not be the user that runs ltxfs.
 */
public final class KernelTransport implements Transport {
    private static final long MS_NOSUID = 2;
    private static final long MS_NODEV = 4;

    private final boolean allowOther;

    /** Every user may come. */
    public KernelTransport() {
        this(true);
    }

    /** Lets other users than this process's come, or not. */
    public KernelTransport(boolean allowOther) {
        this.allowOther = allowOther;
    }

    @Override
    public MountedFileSystem mount(FileSystem fileSystem, MountOptions options) throws IOException {
        Path mountPoint = MountPoint.prepare(options.mountPoint());
        Channel channel = openDevice();
        try {
            mountDevice(channel, mountPoint);
        } catch (IOException | RuntimeException e) {
            channel.drop();
            throw e;
        }
        return KernelMount.serve(channel, mountPoint, fileSystem, options);
    }

    private static Channel openDevice() throws IOException {
        try {
            return Channel.open();
        } catch (PosixException e) {
            String advice = switch (e.errno()) {
                case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
                    "load the fuse module, or give the container the device (--device /dev/fuse)";
                default ->
                    "run as root, in a container with --device /dev/fuse --cap-add SYS_ADMIN, or set transport: libfuse";
            };
            throw new IOException(e.getMessage() + "; " + advice, e);
        }
    }

    private void mountDevice(Channel channel, Path mountPoint) throws IOException {
        String data = "fd=" + channel.fd() + ",rootmode=40000,user_id=" + Posix.geteuid() + ",group_id="
                + Posix.getegid() + ",default_permissions" + (allowOther ? ",allow_other" : "");
        int result = Posix.mount("ltxfs", mountPoint.toString(), MountPoint.TYPE, MS_NOSUID | MS_NODEV, data);
        if (result < 0) {
            PosixException cause = new PosixException(-result, "mount " + mountPoint);
            throw new IOException(
                    cause.getMessage()
                            + (result == -Errno.EPERM
                                    ? "; run as root, in a container with --cap-add SYS_ADMIN, or set transport: libfuse"
                                    : "; see the kernel's log (dmesg)"),
                    cause);
        }
    }
}
