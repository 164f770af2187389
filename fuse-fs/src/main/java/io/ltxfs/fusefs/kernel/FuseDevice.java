package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;

/** {@code /dev/fuse}, and why it cannot be opened. */
public final class FuseDevice {
    static final String PATH = "/dev/fuse";
    private static final int OTHERS_READ_AND_WRITE = 6;

    private FuseDevice() {}

    /**
     * Opens it and closes it again.
     *
     * @throws MountRefusedException if this process cannot
     */
    public static void require() throws MountRefusedException {
        int fd = Posix.open(PATH, OpenFlags.RDWR | OpenFlags.CLOEXEC, 0);
        if (fd < 0) {
            throw refused(-fd, mode());
        }
        Posix.close(fd);
    }

    /** Why opening it failed. */
    static MountRefusedException refused(int errno) {
        return refused(errno, mode());
    }

    private static int mode() {
        try {
            return Posix.stat(PATH).mode();
        } catch (PosixException e) {
            return 0;
        }
    }

    /** @param mode of the device's file */
    static MountRefusedException refused(int errno, int mode) {
        String error = PATH + ": " + new PosixException(errno, "open").getMessage();
        return switch (errno) {
            case Errno.ENOENT ->
                new MountRefusedException(
                        PATH + ": there is no such device",
                        "run 'modprobe fuse' on the machine; a container needs --device " + PATH
                                + " --cap-add SYS_ADMIN");
            case Errno.ENODEV, Errno.ENXIO ->
                new MountRefusedException(error + ": the kernel's fuse module is not loaded", "run 'modprobe fuse'");
            case Errno.EPERM ->
                new MountRefusedException(
                        error + ": the container is not permitted to use the device (device cgroup)",
                        "give it with --device " + PATH + "; a bind mount of the file does not permit it");
            case Errno.EACCES ->
                (mode & OTHERS_READ_AND_WRITE) == OTHERS_READ_AND_WRITE
                        ? new MountRefusedException(
                                error + ": it lies on a mount without devices (nodev), or a security module refuses it",
                                "give the container the device with --device " + PATH)
                        : new MountRefusedException(
                                error + ": this user cannot open it",
                                "run 'sudo chmod 666 " + PATH
                                        + "' on the machine (where udev runs it does that), or ltxfs" + " as root");
            default -> new MountRefusedException(error, "see the kernel's log (dmesg)");
        };
    }
}
