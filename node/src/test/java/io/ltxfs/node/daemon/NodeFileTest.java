package io.ltxfs.node.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeFileTest {
    @TempDir
    Path dir;

    @Test
    void isReadAsItWasWrittenAndOnlyByItsOwner() throws IOException {
        NodeFile file = NodeFile.create(ProcessHandle.current().pid(), "127.0.0.1:1", Path.of("/litefs"), "s3://b/p");
        file.write(dir);
        assertEquals(Optional.of(file), NodeFile.read(dir));
        assertTrue(file.isAlive());
        assertEquals(
                PosixFilePermissions.fromString("rw-------"), Files.getPosixFilePermissions(dir.resolve("node.json")));
        NodeFile next = NodeFile.create(1, "127.0.0.1:2", Path.of("/litefs"), "s3://b/p");
        next.write(dir);
        assertEquals(Optional.of(next), NodeFile.read(dir));
        NodeFile.remove(dir);
        assertEquals(Optional.empty(), NodeFile.read(dir));
    }

    @Test
    void anythingElseUnderItsNameIsRefused() throws IOException {
        Files.writeString(dir.resolve("node.json"), "{\"pid\": \"x\"}");
        assertThrows(IOException.class, () -> NodeFile.read(dir));
        Files.writeString(dir.resolve("node.json"), "{{");
        assertThrows(IOException.class, () -> NodeFile.read(dir));
    }

    @Test
    void aMissingDataDirectoryIsMadeForItsOwnerAlone() throws Exception {
        Path data = dir.resolve("a/b");
        DataDirectory.create(data).close();
        assertEquals(PosixFilePermissions.fromString("rwx------"), Files.getPosixFilePermissions(data));
        NodeException missing = assertThrows(NodeException.class, () -> DataDirectory.take(dir.resolve("none")));
        assertTrue(missing.getMessage().contains("--data"), missing.getMessage());
    }

    @Test
    void aDataDirectoryIsHeldByOneProcess() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process other = new ProcessBuilder(
                        java,
                        "-Xshare:auto",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        dir + "")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            assertEquals('h', other.getInputStream().read());
            NodeException held = assertThrows(NodeException.class, () -> DataDirectory.take(dir));
            assertTrue(held.getMessage().contains("another ltxfs uses it"), held.getMessage());
        } finally {
            other.destroyForcibly();
            other.waitFor();
        }
        DataDirectory.take(dir).close();
    }

    @Test
    void aMountPointMustBeAnEmptyDirectory() throws Exception {
        Path mount = dir.resolve("x/mount");
        MountPoint.prepare(mount);
        assertEquals(PosixFilePermissions.fromString("rwxr-xr-x"), Files.getPosixFilePermissions(mount));
        MountPoint.prepare(mount);
        Files.writeString(mount.resolve("file"), "");
        NodeException full = assertThrows(NodeException.class, () -> MountPoint.prepare(mount));
        assertTrue(full.getMessage().contains("is not empty"), full.getMessage());
        NodeException file = assertThrows(NodeException.class, () -> MountPoint.prepare(mount.resolve("file")));
        assertTrue(file.getMessage().contains("is not a directory"), file.getMessage());
        NodeException other = assertThrows(NodeException.class, () -> MountPoint.prepare(Path.of("/proc")));
        assertTrue(other.getMessage().contains("mount point already"), other.getMessage());
        assertFalse(MountPoint.entries().isEmpty());
    }

    /** Holds a data directory until it is killed. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] args) throws Exception {
            DataDirectory held = DataDirectory.create(Path.of(args[0]));
            System.out.print("h");
            System.out.flush();
            Thread.sleep(60_000);
            held.close();
        }
    }
}
