package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Posix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a process has of the rights that mounting takes, and what a container took from it (proc(5), {@code status};
 * capabilities(7)).
 *
 * @param sysAdmin whether it has CAP_SYS_ADMIN, in its own user namespace
 * @param sysAdminBounded whether a program that is setuid root could have it
 * @param noNewPrivileges whether setuid has no effect
 * @param filtered whether a seccomp filter looks at its system calls
 * @param inUserNamespace whether its users are not the machine's
 */
public record MountRights(
        boolean sysAdmin, boolean sysAdminBounded, boolean noNewPrivileges, boolean filtered, boolean inUserNamespace) {
    private static final Logger LOG = LoggerFactory.getLogger(MountRights.class);
    private static final int SYS_ADMIN_BIT = 21;

    /** All numbers of users, mapped to themselves: the first user namespace. */
    private static final String ALL_USERS = "0 0 4294967295";

    /** This process's. */
    public static MountRights own() {
        try {
            return parse(read("/proc/self/status"), read("/proc/self/uid_map"));
        } catch (IOException | NumberFormatException e) {
            LOG.debug("could not read this process's rights", e);
            return new MountRights(Posix.geteuid() == 0, true, false, false, false);
        }
    }

    private static String read(String file) throws IOException {
        return Files.readString(Path.of(file), StandardCharsets.ISO_8859_1);
    }

    /** Reads the text of the two files of {@code /proc/self}. */
    static MountRights parse(String status, String userMap) {
        return new MountRights(
                hasSysAdmin(value(status, "CapEff")),
                hasSysAdmin(value(status, "CapBnd")),
                value(status, "NoNewPrivs").equals("1"),
                value(status, "Seccomp").equals("2"),
                !userMap.strip().replaceAll("\\s+", " ").equals(ALL_USERS));
    }

    private static boolean hasSysAdmin(String mask) {
        return (Long.parseUnsignedLong(mask, 16) >>> SYS_ADMIN_BIT & 1) != 0;
    }

    private static String value(String status, String key) {
        return status.lines()
                .filter(line -> line.startsWith(key + ":"))
                .findFirst()
                .map(line -> line.substring(key.length() + 1).strip())
                .orElse("0");
    }

    /** What keeps it from calling mount(2). */
    Optional<MountRefusedException> kernelObstacle() {
        if (sysAdmin) {
            return Optional.empty();
        }
        return bounded()
                .or(
                        () -> Optional.of(
                                new MountRefusedException(
                                        "this user may not mount",
                                        "run ltxfs as root (the app can be another user's with --user NAME), or set transport: libfuse")));
    }

    /** What is known to keep {@code fusermount} from helping it. */
    Optional<MountRefusedException> helperObstacle() {
        if (sysAdmin) {
            return Optional.empty();
        }
        return bounded()
                .or(() -> noNewPrivileges
                        ? Optional.of(new MountRefusedException(
                                "this user may mount only through fusermount, which cannot become root here:"
                                        + " no_new_privs is set",
                                "run the container without no-new-privileges (Kubernetes: allowPrivilegeEscalation: true),"
                                        + " or ltxfs as root, with --user NAME for the app"))
                        : Optional.empty());
    }

    private Optional<MountRefusedException> bounded() {
        return sysAdminBounded
                ? Optional.empty()
                : Optional.of(new MountRefusedException(
                        "no process here can have CAP_SYS_ADMIN, which mounting takes",
                        "give the container --device /dev/fuse --cap-add SYS_ADMIN"));
    }
}
