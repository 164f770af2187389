package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.NameService;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds out why {@code fusermount} has refused a mount. libfuse starts it and shows what it says to the user, not to its
 * caller; so what is known to stop it is looked at once more.
 */
final class HelperRefusal {
    private static final int SET_USER_ID = 04000;

    private HelperRefusal() {}

    /** What most likely stopped it. */
    static MountRefusedException explain(boolean allowOther) {
        MountRights rights = MountRights.own();
        return rights.helperObstacle()
                .orElseGet(() -> explain(
                        allowOther,
                        rights,
                        Optional.ofNullable(Libfuse.helper()),
                        isKnown(Posix.geteuid()),
                        Posix.geteuid()));
    }

    /** @param known whether the user has an entry in the user database */
    static MountRefusedException explain(
            boolean allowOther, MountRights rights, Optional<Path> helper, boolean known, int user) {
        if (!rights.sysAdmin() && helper.isPresent() && !isSetuidRoot(helper.get())) {
            return rights.inUserNamespace()
                    ? new MountRefusedException(
                            helper.get() + " is not setuid root in this user namespace",
                            "be root in it, with mounts of its own: unshare --user --map-root-user --mount, or podman run"
                                    + " with --cap-add SYS_ADMIN")
                    : new MountRefusedException(
                            helper.get() + " is not setuid root",
                            "run 'sudo chown root " + helper.get() + " && sudo chmod 4755 " + helper.get() + "'");
        }
        if (!known) {
            return new MountRefusedException(
                    "fusermount refused it: user " + user + " has no name here",
                    "give it an entry in /etc/passwd (in the image: useradd --uid " + user + " NAME)");
        }
        if (rights.filtered() || rights.sysAdmin()) {
            return new MountRefusedException(
                    "fusermount refused it, and has said why in the line before",
                    "'Operation not permitted' is the container's seccomp profile: permit mount and umount2 there; 'Permission"
                            + " denied' a security module: --security-opt apparmor=unconfined" + others(allowOther));
        }
        return new MountRefusedException(
                "fusermount refused it, and has said why in the line before",
                "the directory must be this user's" + others(allowOther));
    }

    private static String others(boolean allowOther) {
        return allowOther ? "; allow-other needs user_allow_other in /etc/fuse.conf" : "";
    }

    private static boolean isSetuidRoot(Path helper) {
        try {
            FileStat stat = Posix.stat(helper.toString());
            return stat.uid() == 0 && (stat.mode() & SET_USER_ID) != 0;
        } catch (PosixException e) {
            return true; // then that is not what is wrong
        }
    }

    private static boolean isKnown(int user) {
        try {
            return NameService.find("passwd", Integer.toUnsignedString(user)).isPresent();
        } catch (IOException e) {
            return true; // then that is not what is wrong
        }
    }
}
