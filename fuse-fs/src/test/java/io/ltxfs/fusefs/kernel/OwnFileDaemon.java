package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.RecordLock;
import io.ltxfs.fusefs.own.OwnFile;
import io.ltxfs.fusefs.own.OwnMountThread;
import io.ltxfs.fusefs.own.OwnMountThreads;
import io.ltxfs.fusefs.transport.MountOptions;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A process to be killed: it mounts a directory and keeps a dirty, locked file of that mount open. */
public final class OwnFileDaemon {
    private OwnFileDaemon() {}

    /** @param args backing directory, mount point, {@code strict|fast}, {@code own|plain} thread for the open file */
    public static void main(String[] args) throws Exception {
        Path mountPoint = Path.of(args[1]);
        // Descriptors are closed in the order of their numbers: the plain file's must come before the device's.
        int low = Posix.open("/dev/null", OpenFlags.RDWR | OpenFlags.CLOEXEC, 0);
        OwnMountThreads threads = OwnMountThreads.start(2, 16);
        new KernelTransport()
                .mount(
                        new PassthroughFileSystem(Path.of(args[0])),
                        new MountOptions(mountPoint, 0, args[2].equals("fast")));
        String path = Files.createFile(mountPoint.resolve("db-shm")).toString();
        if (args[3].equals("own")) {
            OwnMountThread thread = threads.forKey("db");
            OwnFile file = thread.run(t -> t.open(path, OpenFlags.RDWR)).get();
            thread.run(t -> {
                        file.write(ByteBuffer.allocateDirect(65536), 0);
                        return file.setLock(RecordLock.READ, 128, 1);
                    })
                    .get();
        } else {
            Posix.close(low);
            int fd = Posix.open(path, OpenFlags.RDWR | OpenFlags.CLOEXEC, 0);
            Posix.pwrite(fd, ByteBuffer.allocateDirect(65536), 0);
            RecordLock.set(fd, RecordLock.READ, 128, 1);
        }
        System.out.println("ready");
        new CountDownLatch(1).await();
    }
}
