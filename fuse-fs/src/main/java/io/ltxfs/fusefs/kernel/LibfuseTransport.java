package io.ltxfs.fusefs.kernel;

import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.MountOptions;
import io.ltxfs.fusefs.transport.MountedFileSystem;
import io.ltxfs.fusefs.transport.Transport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Mounts for a user who may not: libfuse 2 has {@code fusermount} do it, and hands over the descriptor of the connection.
 * From there on it is the protocol of {@link KernelTransport}, with its asynchronous answers and its notifications
 * (decision 14).
 */
public final class LibfuseTransport implements Transport {
    private final boolean allowOther;

    /**
     * A transport.
     *
     * @param allowOther whether other users, root too, may see the mount; for an ordinary user only where
     *     {@code /etc/fuse.conf} has {@code user_allow_other}
     */
    public LibfuseTransport(boolean allowOther) {
        this.allowOther = allowOther;
    }

    /**
     * A transport, where the device can be opened, {@code fusermount} may have rights, and both it and libfuse are
     * installed.
     *
     * @throws MountRefusedException if something is missing; says what
     */
    public static LibfuseTransport available(boolean allowOther) throws MountRefusedException {
        FuseDevice.require();
        Optional<MountRefusedException> obstacle = MountRights.own().helperObstacle();
        if (obstacle.isPresent()) {
            throw obstacle.get();
        }
        Libfuse.require();
        return new LibfuseTransport(allowOther);
    }

    @Override
    public MountedFileSystem mount(FileSystem fileSystem, MountOptions options) throws IOException {
        Path mountPoint = MountPoint.prepare(options.mountPoint());
        String words = "fsname=ltxfs,subtype=ltxfs,default_permissions" + (allowOther ? ",allow_other" : "");
        Channel channel = Channel.of(Libfuse.mount(mountPoint, words));
        return KernelMount.serve(channel, mountPoint, fileSystem, options);
    }
}
