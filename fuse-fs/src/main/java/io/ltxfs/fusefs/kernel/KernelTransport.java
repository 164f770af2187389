package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.MountOptions;
import io.ltxfs.fusefs.transport.MountedFileSystem;
import io.ltxfs.fusefs.transport.Transport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Speaks to {@code /dev/fuse} and mounts with mount(2). Needs CAP_SYS_ADMIN and the device.
 *
 * <p>Both may be those of a user namespace (Linux 4.18): then only processes of that namespace can use the mount.
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

    /**
     * A transport, where this process may mount and open the device.
     *
     * @throws MountRefusedException if it may not; says what is missing
     */
    public static KernelTransport available(boolean allowOther) throws MountRefusedException {
        Optional<MountRefusedException> obstacle = MountRights.own().kernelObstacle();
        if (obstacle.isPresent()) {
            throw obstacle.get();
        }
        FuseDevice.require();
        return new KernelTransport(allowOther);
    }

    private static Channel openDevice() throws MountRefusedException {
        try {
            return Channel.open();
        } catch (PosixException e) {
            throw FuseDevice.refused(e.errno());
        }
    }

    private void mountDevice(Channel channel, Path mountPoint) throws MountRefusedException {
        String data = "fd=" + channel.fd() + ",rootmode=40000,user_id=" + Posix.geteuid() + ",group_id="
                + Posix.getegid() + ",default_permissions" + (allowOther ? ",allow_other" : "");
        int result = Posix.mount("ltxfs", mountPoint.toString(), MountPoint.TYPE, MS_NOSUID | MS_NODEV, data);
        if (result < 0) {
            throw refused(-result, MountRights.own(), securityLabel());
        }
    }

    /**
     * Why mount(2) failed.
     *
     * @param label of the security module that confines this process; empty if none does
     */
    static MountRefusedException refused(int errno, MountRights rights, String label) {
        String error = new PosixException(errno, "mount(2)").getMessage();
        Optional<MountRefusedException> obstacle = rights.kernelObstacle();
        if (errno == Errno.EPERM && obstacle.isPresent()) {
            return obstacle.get();
        }
        String ownMounts = "make mounts of its own for the user namespace too: unshare --user --map-root-user --mount";
        if (errno == Errno.EPERM && rights.filtered()) {
            return new MountRefusedException(
                    error + ": the container's seccomp profile refuses it",
                    "permit mount and umount2 there, as the engines' own profiles do with --cap-add SYS_ADMIN"
                            + (rights.inUserNamespace() ? ", or " + ownMounts : ""));
        }
        if (errno == Errno.EPERM && rights.inUserNamespace()) {
            return new MountRefusedException(error + ": the mounts here belong to another user namespace", ownMounts);
        }
        if (errno == Errno.EACCES) {
            return new MountRefusedException(
                    error + ": a security module refuses it"
                            + (label.isEmpty() ? "" : ", this process is confined as " + label),
                    "run the container with --security-opt apparmor=unconfined (SELinux: label=disable), or permit mounts"
                            + " of type fuse.ltxfs in the profile");
        }
        if (errno == Errno.EINVAL && rights.inUserNamespace()) {
            return new MountRefusedException(
                    error + ": this process's user or group is not mapped in its user namespace",
                    "map it, as unshare --map-root-user does (/proc/self/uid_map shows who is)");
        }
        return errno == Errno.ENODEV
                ? new MountRefusedException(error + ": the kernel's fuse module is not loaded", "run 'modprobe fuse'")
                : new MountRefusedException(error, "see the kernel's log (dmesg)");
    }

    private static String securityLabel() {
        try {
            String label = Files.readString(Path.of("/proc/self/attr/current"), StandardCharsets.ISO_8859_1)
                    .strip();
            return label.equals("unconfined") ? "" : label.replace("\0", "");
        } catch (IOException e) {
            return ""; // no such module
        }
    }
}
