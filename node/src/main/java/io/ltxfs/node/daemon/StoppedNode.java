package io.ltxfs.node.daemon;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Host;
import io.ltxfs.database.disk.PosixDisk;
import io.ltxfs.database.log.LogOptions;
import io.ltxfs.database.posix.Errno;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/** The databases of a data directory whose node is stopped: held and recovered, but not mounted. */
public final class StoppedNode implements AutoCloseable {
    private final DataDirectory directory;
    private final DatabaseSet databases;

    private StoppedNode(DataDirectory directory, DatabaseSet databases) {
        this.directory = directory;
        this.databases = databases;
    }

    /**
     * Opens a data directory.
     *
     * @throws NodeException if there is none, or a node uses it
     * @throws IOException if it cannot be recovered
     */
    public static StoppedNode open(Path data) throws NodeException, IOException {
        DataDirectory directory = DataDirectory.take(data);
        try {
            DatabaseSet databases = DatabaseSet.open(new PosixDisk(data), options(), new NoMount());
            return new StoppedNode(directory, databases);
        } catch (IOException | RuntimeException e) {
            directory.close();
            throw e;
        }
    }

    /** Nothing is trimmed: the archive, which is not asked here, may still need it. */
    private static DatabaseSetOptions options() {
        DatabaseSetOptions defaults = DatabaseSetOptions.defaults();
        LogOptions log = defaults.log();
        return new DatabaseSetOptions(
                new LogOptions(log.segmentBytes(), Long.MAX_VALUE, log.flushLeader(), log.threads()),
                defaults.refuseUnjournaled(),
                defaults.stageMemoryBytes(),
                defaults.clockMillis());
    }

    /** Its databases. */
    public DatabaseSet databases() {
        return databases;
    }

    @Override
    public void close() throws IOException {
        try {
            databases.close();
        } finally {
            directory.close();
        }
    }

    /** Without a mount nobody holds a lock, nothing is cached, and nothing may be committed. */
    static final class NoMount implements Host {
        @Override
        public void probeWriteLock(Database database, Consumer<WriteLock> answer) {
            answer.accept(WriteLock.FREE);
        }

        @Override
        public void withExclusiveLock(Database database, Consumer<Boolean> action) {
            action.accept(true);
        }

        @Override
        public void withExclusiveLocks(Database first, Database second, Consumer<Boolean> action, Runnable afterwards) {
            action.accept(true);
            afterwards.run();
        }

        @Override
        public void invalidate(Database database, long offset, long length) {}

        @Override
        public void checkDiedWriter(Database database) {}

        @Override
        public void background(Runnable task) {
            task.run();
        }

        @Override
        public int mayCommit() {
            return Errno.EROFS;
        }

        @Override
        public long epoch() {
            return 0;
        }
    }
}
