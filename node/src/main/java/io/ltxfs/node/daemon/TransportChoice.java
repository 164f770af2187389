package io.ltxfs.node.daemon;

import io.ltxfs.database.posix.Posix;
import io.ltxfs.fusefs.kernel.KernelTransport;
import io.ltxfs.fusefs.kernel.LibfuseTransport;
import io.ltxfs.fusefs.kernel.MountRefusedException;
import io.ltxfs.fusefs.kernel.MountRights;
import io.ltxfs.fusefs.transport.Transport;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.config.TransportKind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which way a node speaks to the kernel: with mount(2) where it may, else by way of {@code fusermount}. */
public final class TransportChoice {
    private static final Logger LOG = LoggerFactory.getLogger(TransportChoice.class);

    private TransportChoice() {}

    /**
     * The transport that a configuration asks for.
     *
     * @throws NodeException if this machine has none; says what is missing
     */
    static Transport of(LtxfsConfig config) throws NodeException {
        try {
            requireNativeCode();
            return choose(config.transport(), config.allowOther());
        } catch (MountRefusedException e) {
            throw new NodeException("mount " + config.mount(), e.why(), e.advice(), e);
        }
    }

    /**
     * The transport of a kind, where this process has what it takes.
     *
     * @throws MountRefusedException if it has not
     */
    public static Transport choose(TransportKind kind, boolean allowOther) throws MountRefusedException {
        boolean kernel = kind == TransportKind.KERNEL
                || kind == TransportKind.AUTO && MountRights.own().sysAdmin();
        LOG.debug("chose a transport kind={}", kernel ? "kernel" : "libfuse");
        return kernel ? KernelTransport.available(allowOther) : LibfuseTransport.available(allowOther);
    }

    /**
     * That system calls can be made: the library that makes them is unpacked into the directory of temporary files.
     *
     * @throws MountRefusedException if they cannot
     */
    public static void requireNativeCode() throws MountRefusedException {
        try {
            Posix.geteuid();
        } catch (LinkageError e) {
            MountRefusedException refused = new MountRefusedException(
                    "the native library cannot be unpacked into " + System.getProperty("java.io.tmpdir")
                            + " and loaded",
                    "that directory must be writable, and on a mount without noexec (docker: --tmpfs /tmp:exec); another"
                            + " one: LTXFS_JVM=-Djava.io.tmpdir=DIR");
            refused.initCause(e);
            throw refused;
        }
    }
}
