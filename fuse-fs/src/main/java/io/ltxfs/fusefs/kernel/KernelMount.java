package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.MountOptions;
import io.ltxfs.fusefs.transport.MountedFileSystem;
import io.ltxfs.fusefs.transport.Notifier;
import io.ltxfs.fusefs.transport.RequestCounters;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A mount on {@code /dev/fuse} and the threads that serve it. */
final class KernelMount implements MountedFileSystem {
    private static final Logger LOG = LoggerFactory.getLogger(KernelMount.class);

    /** A third one costs a lone writer about 3 %, a fourth 6 %; with two, two slow reads of a disk stop everyone. */
    private static final int THREADS_MIN = 3;

    private static final int THREADS_MAX = 8;

    private final Path mountPoint;
    private final int connection;
    private final Channel channel;
    private final FileSystem fileSystem;
    private final RequestCounters counters;
    private final KernelNotifier notifier;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicInteger running = new AtomicInteger();

    KernelMount(Path mountPoint, int connection, Channel channel, FileSystem fileSystem, RequestCounters counters) {
        this.mountPoint = mountPoint;
        this.connection = connection;
        this.channel = channel;
        this.fileSystem = fileSystem;
        this.counters = counters;
        notifier = new KernelNotifier(channel);
    }

    /**
     * Agrees with the kernel on a channel that is mounted, and serves it.
     *
     * @throws IOException if that cannot be done; the mount is gone then, and the channel closed
     */
    static KernelMount serve(Channel channel, Path mountPoint, FileSystem fileSystem, MountOptions options)
            throws IOException {
        try {
            Handshake.Agreed agreed = Handshake.perform(channel, options.writeBack());
            KernelMount mount =
                    new KernelMount(mountPoint, connection(mountPoint), channel, fileSystem, new RequestCounters());
            fileSystem.init(mount.notifier());
            mount.start(options.threads(), agreed.writeBytesMax());
            return mount;
        } catch (IOException | RuntimeException e) {
            try {
                Unmounting.unmount(mountPoint, true);
            } catch (IOException late) {
                e.addSuppressed(late);
            }
            channel.drop();
            throw e;
        }
    }

    private static int connection(Path mountPoint) throws IOException {
        return MountTable.read()
                .at(mountPoint)
                .orElseThrow(() -> new IOException("mount " + mountPoint + ": it is not in /proc/self/mountinfo"))
                .minor();
    }

    /** Starts the readers, the first on the channel itself, each other on a clone. */
    void start(int wantedThreads, int writeBytesMax) throws PosixException {
        int threads = wantedThreads == 0 ? ownChoice() : wantedThreads;
        List<Channel> channels = new ArrayList<>(List.of(channel));
        for (int i = 1; i < threads; i++) {
            channels.add(channel.cloned());
        }
        Dispatcher dispatcher = new Dispatcher(fileSystem, counters);
        MemoryPool pool = new MemoryPool();
        running.set(threads);
        for (int i = 0; i < threads; i++) {
            RequestReader reader =
                    new RequestReader(channels.get(i), dispatcher, pool, writeBytesMax, this::readerEnded);
            Thread thread = new Thread(reader, "ltxfs-fuse-" + i);
            thread.setDaemon(true);
            thread.start();
        }
    }

    private static int ownChoice() {
        return Math.max(THREADS_MIN, Math.min(THREADS_MAX, Runtime.getRuntime().availableProcessors()));
    }

    private void readerEnded() {
        if (running.decrementAndGet() == 0) {
            try {
                fileSystem.destroy();
            } finally {
                ended.countDown();
            }
        }
    }

    @Override
    public Path mountPoint() {
        return mountPoint;
    }

    @Override
    public RequestCounters counters() {
        return counters;
    }

    @Override
    public Notifier notifier() {
        return notifier;
    }

    @Override
    public int connection() {
        return connection;
    }

    @Override
    public boolean unmount(boolean lazy) throws IOException {
        int result = Unmounting.unmount(mountPoint, lazy);
        if (result == -Errno.EBUSY && !lazy) {
            return false;
        }
        if (result == -Errno.EINVAL) {
            LOG.info("Found the mount already gone mount={}", mountPoint);
            return true;
        }
        Posix.check(result, "unmount " + mountPoint);
        return true;
    }

    @Override
    public void abort() throws IOException {
        Connections.abort(connection, mountPoint);
    }

    @Override
    public boolean awaitEnd(Duration timeout) throws InterruptedException {
        return ended.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
    }
}
