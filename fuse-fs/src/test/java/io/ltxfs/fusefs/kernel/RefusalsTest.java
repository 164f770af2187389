package io.ltxfs.fusefs.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.posix.Errno;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user is told when a mount is refused: who refuses, and what to do. */
final class RefusalsTest {
    private static final String MACHINE = "         0          0 4294967295\n";
    private static final String ROOTLESS = "         0       1001          1\n         1     100000      65536\n";
    private static final String FULL = "000001ffffffffff";
    private static final String NONE = "0000000000000000";
    /** What docker gives a container by itself. */
    private static final String DOCKER = "00000000a80425fb";

    private static final MountRights ROOT = rights(FULL, FULL, 0, 0, MACHINE);
    private static final MountRights USER = rights(NONE, FULL, 0, 0, MACHINE);
    private static final MountRights IN_DOCKER = rights(DOCKER, DOCKER, 0, 2, MACHINE);

    @TempDir
    Path directory;

    private static MountRights rights(
            String effective, String bounding, int noNewPrivileges, int seccomp, String userMap) {
        return MountRights.parse(
                "Name:\tjava\nCapPrm:\t" + effective + "\nCapEff:\t" + effective + "\nCapBnd:\t" + bounding
                        + "\nNoNewPrivs:\t" + noNewPrivileges + "\nSeccomp:\t" + seccomp + "\nSeccomp_filters:\t0\n",
                userMap);
    }

    @Test
    void rightsAreReadFromProc() {
        assertEquals(new MountRights(true, true, false, false, false), ROOT);
        assertEquals(new MountRights(false, true, false, false, false), USER);
        assertEquals(new MountRights(false, false, false, true, false), IN_DOCKER);
        assertEquals(new MountRights(true, true, true, true, true), rights(FULL, FULL, 1, 2, ROOTLESS));
        assertEquals(
                new MountRights(false, false, false, false, false),
                MountRights.parse("Name:\tjava\n", MACHINE),
                "old kernels");
    }

    @Test
    void whoMayMountHasNoObstacle() {
        for (MountRights each : List.of(ROOT, rights(FULL, FULL, 1, 2, ROOTLESS))) {
            assertEquals(Optional.empty(), each.kernelObstacle());
            assertEquals(Optional.empty(), each.helperObstacle());
        }
        assertEquals(Optional.empty(), USER.helperObstacle());
    }

    @Test
    void missingCapabilitiesAreNamed() {
        says(USER.kernelObstacle(), "this user may not mount", "run ltxfs as root", "transport: libfuse");
        says(IN_DOCKER.kernelObstacle(), "CAP_SYS_ADMIN", "--cap-add SYS_ADMIN");
        says(IN_DOCKER.helperObstacle(), "CAP_SYS_ADMIN", "--cap-add SYS_ADMIN");
        says(
                rights(NONE, FULL, 1, 2, MACHINE).helperObstacle(),
                "no_new_privs",
                "without no-new-privileges",
                "allowPrivilegeEscalation: true");
    }

    @Test
    void theDevicesErrorsAreToldApart() {
        says(FuseDevice.refused(Errno.ENOENT, 0), "no such device", "--device /dev/fuse");
        says(FuseDevice.refused(Errno.ENXIO, 0100666), "ENXIO", "modprobe fuse");
        says(FuseDevice.refused(Errno.EPERM, 0100666), "device cgroup", "--device /dev/fuse", "bind mount");
        says(FuseDevice.refused(Errno.EACCES, 0100600), "this user cannot open it", "chmod 666 /dev/fuse");
        says(FuseDevice.refused(Errno.EACCES, 0100666), "nodev", "--device /dev/fuse");
    }

    @Test
    void whoRefusesMountIsTold() {
        says(KernelTransport.refused(Errno.EPERM, IN_DOCKER, ""), "CAP_SYS_ADMIN");
        MountRights filtered = rights(FULL, FULL, 0, 2, MACHINE);
        says(KernelTransport.refused(Errno.EPERM, filtered, ""), "seccomp", "permit mount and umount2");
        says(
                KernelTransport.refused(Errno.EPERM, rights(FULL, FULL, 0, 0, ROOTLESS), ""),
                "another user namespace",
                "unshare --user --map-root-user --mount");
        says(
                KernelTransport.refused(Errno.EACCES, filtered, "docker-default (enforce)"),
                "confined as docker-default (enforce)",
                "apparmor=unconfined");
        says(KernelTransport.refused(Errno.EINVAL, rights(FULL, FULL, 0, 0, ROOTLESS), ""), "not mapped");
        says(KernelTransport.refused(Errno.ENODEV, ROOT, ""), "modprobe fuse");
        says(KernelTransport.refused(Errno.EINVAL, ROOT, ""), "EINVAL", "dmesg");
    }

    @Test
    void whyTheHelperRefusedIsLookedFor() throws Exception {
        Path plain = Files.createFile(
                directory.resolve("fusermount"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        says(explain(false, USER, plain, true), plain + " is not setuid root", "chmod 4755 " + plain);
        MountRights inside = rights(NONE, FULL, 0, 0, ROOTLESS);
        says(explain(false, inside, plain, true), "in this user namespace", "--map-root-user");
        says(explain(false, ROOT, plain, false), "user 4711 has no name", "useradd --uid 4711");
        says(explain(true, ROOT, plain, true), "user_allow_other", "seccomp", "apparmor=unconfined");
        assertFalse(explain(false, ROOT, plain, true).getMessage().contains("user_allow_other"));
    }

    private static MountRefusedException explain(boolean allowOther, MountRights rights, Path helper, boolean known) {
        return HelperRefusal.explain(allowOther, rights, Optional.of(helper), known, 4711);
    }

    private static void says(Optional<MountRefusedException> refusal, String... words) {
        says(refusal.orElseThrow(), words);
    }

    private static void says(MountRefusedException refusal, String... words) {
        String message = refusal.why() + "; " + refusal.advice();
        assertEquals(message, refusal.getMessage());
        for (String word : words) {
            assertTrue(message.contains(word), () -> "no '" + word + "' in: " + message);
        }
    }
}
