package io.ltxfs.node.daemon;

import io.ltxfs.fusefs.kernel.KernelTransport;
import io.ltxfs.fusefs.kernel.LibfuseTransport;
import io.ltxfs.fusefs.transport.Transport;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.config.TransportKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which way a node speaks to the kernel: with mount(2) where it may, else by way of {@code fusermount}. */
public final class TransportChoice {
    private static final Logger LOG = LoggerFactory.getLogger(TransportChoice.class);
    private static final Path DEVICE = Path.of("/dev/fuse");
    private static final Path STATUS = Path.of("/proc/self/status");

    /** CAP_SYS_ADMIN's bit (capabilities(7)). */
    private static final int SYS_ADMIN = 21;

    private TransportChoice() {}

    /**
     * The transport that a configuration asks for.
     *
     * @throws NodeException if this machine has none; says what to install
     */
    static Transport of(LtxfsConfig config) throws NodeException {
        if (!Files.exists(DEVICE)) {
            throw new NodeException(
                    DEVICE.toString(),
                    "there is no such device",
                    "load the kernel's module with 'modprobe fuse'; a container needs --device /dev/fuse");
        }
        boolean kernel =
                config.transport() == TransportKind.KERNEL || config.transport() == TransportKind.AUTO && mayMount();
        if (kernel && !mayMount()) {
            throw new NodeException(
                    "transport: kernel",
                    "this user may not mount",
                    "run as root (the app can be another user's with --user NAME), or set transport: libfuse");
        }
        if (!mayOpen()) {
            throw new NodeException(
                    DEVICE.toString(),
                    "this user cannot open it",
                    "run 'sudo chmod 666 " + DEVICE + "' (where udev runs it does that), or ltxfs as root");
        }
        LOG.debug("chose a transport kind={}", kernel ? "kernel" : "libfuse");
        if (kernel) {
            return new KernelTransport(config.allowOther());
        }
        try {
            return LibfuseTransport.available(config.allowOther());
        } catch (IOException e) {
            throw new NodeException(
                    "mount " + config.mount(),
                    "this user may mount only through libfuse 2 and fusermount, and " + e.getMessage(),
                    "on Debian: sudo apt-get install -y libfuse2 fuse3; or run ltxfs as root, with --user NAME for the"
                            + " app",
                    e);
        }
    }

    /** Whether this process may call mount(2) and open the device. */
    public static boolean mayMount() {
        return mayOpen() && hasSysAdmin();
    }

    private static boolean mayOpen() {
        return Files.isReadable(DEVICE) && Files.isWritable(DEVICE);
    }

    private static boolean hasSysAdmin() {
        try {
            for (String line : Files.readAllLines(STATUS)) {
                if (line.startsWith("CapEff:")) {
                    return (Long.parseUnsignedLong(line.substring(7).strip(), 16) >>> SYS_ADMIN & 1) != 0;
                }
            }
        } catch (IOException | NumberFormatException e) {
            LOG.debug("could not read this process's capabilities", e);
        }
        return "root".equals(System.getProperty("user.name"));
    }
}
