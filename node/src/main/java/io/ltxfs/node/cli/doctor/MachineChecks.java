package io.ltxfs.node.cli.doctor;

import io.ltxfs.fusefs.kernel.FuseDevice;
import io.ltxfs.fusefs.kernel.KernelTransport;
import io.ltxfs.fusefs.kernel.MountRefusedException;
import io.ltxfs.fusefs.kernel.MountRights;
import io.ltxfs.node.config.TransportKind;
import io.ltxfs.node.daemon.MountPoint;
import io.ltxfs.node.daemon.TransportChoice;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Checks of the machine: the fuse device, kernel, permissions, disk, clock and mounts. */
final class MachineChecks {
    private static final long SPACE_LEAST_BYTES = 1L << 30;
    private static final int SPACE_LEAST_PERCENT = 10;

    private MachineChecks() {}

    static List<Finding> run(Path mount, Path data) {
        List<Finding> findings = new ArrayList<>();
        findings.add(java());
        Finding nativeCode = nativeCode();
        findings.add(nativeCode);
        findings.add(kernel());
        if (nativeCode.level() == Finding.Level.OK) {
            findings.add(fuseDevice());
            findings.add(privilege());
        }
        findings.add(requestTimeout());
        findings.add(mount(mount));
        findings.addAll(deadMounts(mount));
        findings.addAll(data(data));
        findings.add(clock());
        return findings;
    }

    private static Finding java() {
        return Finding.ok("java", System.getProperty("java.version") + ", " + System.getProperty("java.home"));
    }

    private static Finding nativeCode() {
        try {
            TransportChoice.requireNativeCode();
            return Finding.ok("native code", System.getProperty("java.io.tmpdir", ""));
        } catch (MountRefusedException e) {
            return refused("native code", e);
        }
    }

    private static Finding fuseDevice() {
        try {
            FuseDevice.require();
            return Finding.ok("fuse device", "/dev/fuse");
        } catch (MountRefusedException e) {
            return refused("fuse device", e);
        }
    }

    private static Finding refused(String check, MountRefusedException refusal) {
        return Finding.fail(check, refusal.why() + ": " + refusal.advice());
    }

    private static Finding kernel() {
        String release = System.getProperty("os.version", "");
        Matcher version = Pattern.compile("([0-9]+)\\.([0-9]+).*").matcher(release);
        if (!System.getProperty("os.name", "").equals("Linux") || !version.matches()) {
            return Finding.fail("kernel", release + ": ltxfs needs Linux");
        }
        int major = Integer.parseInt(version.group(1));
        int minor = Integer.parseInt(version.group(2));
        if (major < 5 || major == 5 && minor < 4) {
            return Finding.warn("kernel", release + ": older than what ltxfs is tested on; 5.4 or newer is advised");
        }
        return Finding.ok("kernel", release);
    }

    private static Finding privilege() {
        try {
            boolean kernel = TransportChoice.choose(TransportKind.AUTO, false) instanceof KernelTransport;
            if (!kernel) {
                return Finding.ok("permission", "an ordinary user: libfuse 2 and fusermount mount");
            }
            return Finding.ok(
                    "permission",
                    "may mount: the kernel transport serves"
                            + (MountRights.own().inUserNamespace() ? ", for this user namespace only" : ""));
        } catch (MountRefusedException e) {
            return refused("permission", e);
        }
    }

    /** A limit below the time that a commit may wait would abort the whole connection. */
    private static Finding requestTimeout() {
        for (String name : List.of("default_request_timeout", "max_request_timeout")) {
            Path file = Path.of("/proc/sys/fs/fuse", name);
            try {
                if (Files.isReadable(file)) {
                    String seconds = Files.readString(file).strip();
                    if (!seconds.equals("0")) {
                        return Finding.warn(
                                "fuse timeout",
                                file + " is " + seconds + " s: a commit that waits longer ends the mount; set it to 0");
                    }
                }
            } catch (IOException e) {
                return Finding.warn("fuse timeout", file + " cannot be read: " + e.getMessage());
            }
        }
        return Finding.ok("fuse timeout", "none");
    }

    private static Finding mount(Path path) {
        return switch (MountPoint.state(path)) {
            case ALIVE -> Finding.ok("mount", path + " is mounted and answers");
            case DEAD -> Finding.fail("mount", path + " is a dead mount: run 'umount -l " + path + "', or 'ltxfs run'");
            case OTHER -> Finding.fail("mount", path + " is another file system's mount: use another directory");
            case NONE -> emptyDirectory(path);
        };
    }

    private static Finding emptyDirectory(Path path) {
        if (!Files.exists(path)) {
            return Finding.ok("mount", path + " is not there yet: 'ltxfs run' makes it");
        }
        try (var entries = Files.list(path)) {
            return entries.findAny().isEmpty()
                    ? Finding.ok("mount", path + " is free")
                    : Finding.fail("mount", path + " is not empty: move its files away, or use another directory");
        } catch (IOException e) {
            return Finding.fail("mount", path + " cannot be read: " + e.getMessage());
        }
    }

    /** Dead mounts of ltxfs elsewhere: every program that touches one gets an error. */
    private static List<Finding> deadMounts(Path own) {
        List<Finding> findings = new ArrayList<>();
        for (MountPoint.Entry entry : MountPoint.entries()) {
            boolean ours = entry.type().equals("fuse.ltxfs") || entry.source().equals("ltxfs");
            if (ours && !entry.path().equals(own) && MountPoint.state(entry.path()) == MountPoint.State.DEAD) {
                findings.add(Finding.warn(
                        "stale mount", entry.path() + ": its ltxfs has died: run 'umount -l " + entry.path() + "'"));
            }
        }
        if (findings.isEmpty()) {
            findings.add(Finding.ok("stale mounts", "none"));
        }
        return findings;
    }

    private static List<Finding> data(Path data) {
        List<Finding> findings = new ArrayList<>();
        Path existing = data;
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        if (existing == null) {
            return List.of(Finding.fail("data", data + " has no parent"));
        }
        if (!Files.isWritable(existing)) {
            findings.add(Finding.fail("data", existing + " cannot be written by this user"));
        } else {
            findings.add(Finding.ok("data", data.equals(existing) ? data.toString() : data + " is not there yet"));
        }
        try {
            FileStore store = Files.getFileStore(existing);
            long free = store.getUsableSpace();
            long percent = store.getTotalSpace() == 0 ? 100 : free * 100 / store.getTotalSpace();
            String text = (free >> 20) + " MiB free (" + percent + " %) on " + store.type();
            if (store.type().startsWith("fuse")
                    || store.type().equals("tmpfs")
                    || store.type().startsWith("nfs")) {
                findings.add(Finding.warn("disk", text + ": databases belong on a local disk"));
            } else if (free < SPACE_LEAST_BYTES || percent < SPACE_LEAST_PERCENT) {
                findings.add(Finding.warn("disk", text + ": commits fail when it is full; make room"));
            } else {
                findings.add(Finding.ok("disk", text));
            }
        } catch (IOException e) {
            findings.add(Finding.warn("disk", "the file system of " + existing + " cannot be read: " + e.getMessage()));
        }
        return findings;
    }

    /** A clock that was never set gives transactions times that no restore by time can use. */
    private static Finding clock() {
        Instant time = Instant.now();
        return time.atZone(ZoneOffset.UTC).getYear() < 2025
                ? Finding.fail("clock", time + ": it was never set; start a time service such as chrony")
                : Finding.ok("clock", time.toString());
    }
}
