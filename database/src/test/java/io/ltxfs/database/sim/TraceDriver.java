package io.ltxfs.database.sim;

import io.ltxfs.database.Completion;
import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.Handle;
import io.ltxfs.database.SqliteFile;
import io.ltxfs.database.disk.Disk.Mode;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes of the records of a trace the calls that the mount would make, one at a time. */
final class TraceDriver {
    private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
    private static final int WAL_FRAME_HEADER = 24;
    private static final int WAL_HEADER = 32;

    /** A call that ended otherwise than the recorded one. */
    static final class Diverged extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Diverged(String message) {
            super(message);
        }
    }

    /** One open descriptor; without a file as long as it is a plain file's. */
    private static final class Open {
        final String path;
        final Handle handle;

        @Nullable
        SqliteFile file;

        Open(String path, Handle handle, @Nullable SqliteFile file) {
            this.path = path;
            this.handle = handle;
            this.file = file;
        }
    }

    private record Descriptor(int pid, int fd) {}

    private final DatabaseSet set;
    private final SimDisk disk;
    private final SimHost host;
    private final Map<Descriptor, Open> opens = new HashMap<>();
    private final Map<String, SqliteFile> superJournals = new HashMap<>();
    /** Of each WAL: whether the frame header that was written last is one of a commit frame. */
    private final Map<String, Boolean> commitFrames = new HashMap<>();

    private boolean diskRefuses;
    /** Every how many commits of a WAL the lease ends after the record is written; 0 for never. */
    private int lateEvery;

    private int walCommits;
    /** The writes to each WAL that follow each other, the last of them. */
    private final Map<String, List<TraceRecord>> walWrites = new HashMap<>();

    private final Map<String, Integer> walPageSizes = new HashMap<>();
    /** Where the last commit of each WAL ends that was written from front to back. */
    private final Map<String, Long> walCommitEnds = new HashMap<>();

    private SimDisk.Faults faults = (kind, path) -> 0;

    TraceDriver(DatabaseSet set, SimDisk disk, SimHost host) {
        this.set = set;
        this.disk = disk;
        this.host = host;
    }

    /** Refused syncs are refused by the disk instead of the lease. */
    void diskRefuses(boolean yes) {
        diskRefuses = yes;
    }

    /**
     * Every so many commits of a WAL are refused by a lease that ends after the record is written (F9), and tried again, as
     * an application does that gets an error: SQLite then writes the same bytes again.
     */
    void leaseEndsLate(int every) {
        lateEvery = every;
    }

    /** What the disk's faults are when no refusal is played. */
    void faults(SimDisk.Faults usual) {
        faults = usual;
    }

    /** Whether the record was a call that was refused, here as then. */
    boolean apply(TraceRecord record) throws DiskException {
        switch (record.kind()) {
            case TraceRecord.CREATE -> create(record);
            case TraceRecord.OPEN -> open(record, existing(record.path()));
            case TraceRecord.CLOSE -> {
                close(new Descriptor(record.pid(), record.fd()));
                host.closed(record.path(), record.pid());
            }
            case TraceRecord.LOCK -> host.lock(record);
            case TraceRecord.REFUSED -> {
                return refused(record);
            }
            default -> {
                int errno = completesWalCommit(record) ? commitLate(record) : call(record);
                if (errno != 0) {
                    throw new Diverged(record + " failed with errno " + errno);
                }
            }
        }
        return false;
    }

    /** A process ended: its descriptors are closed, its locks are gone. */
    void exited(int pid) {
        host.exited(pid);
        List<Descriptor> own = opens.keySet().stream().filter(d -> d.pid == pid).toList();
        own.forEach(this::close);
    }

    private boolean completesWalCommit(TraceRecord record) {
        String path = record.path();
        if (lateEvery == 0 || record.kind() != TraceRecord.WRITE || !path.endsWith("-wal")) {
            return false;
        }
        List<TraceRecord> writes = walWrites.computeIfAbsent(path, p -> new ArrayList<>());
        if (!writes.isEmpty() && record.offset() != end(writes.get(writes.size() - 1))) {
            writes.clear();
        }
        writes.add(record);
        if (record.offset() == 0) {
            walPageSizes.put(
                    path,
                    record.data().length < WAL_HEADER
                            ? 0
                            : ByteBuffer.wrap(record.data()).getInt(8));
            walCommitEnds.put(path, end(record));
            writes.clear();
        }
        return record.data().length == walPageSizes.getOrDefault(path, 0) && commitFrames.getOrDefault(path, false);
    }

    private static long end(TraceRecord write) {
        return write.offset() + write.data().length;
    }

    private int commitLate(TraceRecord record) throws DiskException {
        List<TraceRecord> writes = List.copyOf(walWrites.getOrDefault(record.path(), List.of()));
        walWrites.remove(record.path());
        Long begin = walCommitEnds.get(record.path());
        if (writes.isEmpty() || begin == null || writes.get(0).offset() != begin) {
            walCommitEnds.remove(record.path());
            return call(record);
        }
        walCommitEnds.put(record.path(), end(record));
        if (++walCommits % lateEvery != 0) {
            return call(record);
        }
        host.refuseLate(Errno.EIO);
        int errno = call(record);
        host.refuse(0);
        for (int i = 0; errno != 0 && i < writes.size(); i++) {
            int again = call(writes.get(i));
            if (again != 0) {
                return again;
            }
        }
        return 0;
    }

    private int call(TraceRecord record) throws DiskException {
        if (record.path().equals(".")) {
            return 0;
        }
        return switch (record.kind()) {
            case TraceRecord.WRITE -> write(record);
            case TraceRecord.TRUNCATE -> truncate(record);
            case TraceRecord.SYNC -> sync(record);
            case TraceRecord.UNLINK -> unlink(record);
            default -> throw new IllegalArgumentException("kind " + record.kind());
        };
    }

    /**
     * A call that SQLite was refused is refused here by the lease, or by a disk that cannot sync the log; one at which
     * the node decides nothing never reaches it.
     */
    private boolean refused(TraceRecord record) throws DiskException {
        char kind = (char) record.data()[0];
        byte[] data = Arrays.copyOfRange(record.data(), 2, record.data().length);
        TraceRecord original = new TraceRecord(kind, record.pid(), record.fd(), record.offset(), record.path(), data);
        boolean wal = record.path().endsWith("-wal");
        if (kind == TraceRecord.WRITE && wal) {
            boolean completes = data.length > WAL_FRAME_HEADER && commitFrames.getOrDefault(record.path(), false);
            if (!completes) {
                return true;
            }
        }
        boolean sync = kind == TraceRecord.SYNC;
        if (sync && (wal || diskRefuses)) {
            boolean[] once = {false};
            disk.faults((operation, path) -> {
                if (operation == SimDisk.Kind.SYNC && path.startsWith("log/") && !once[0]) {
                    once[0] = true;
                    return Errno.EIO;
                }
                return 0;
            });
        } else {
            host.refuse(Errno.EIO);
        }
        int errno = call(original);
        host.refuse(0);
        disk.faults(faults);
        // A sync of a WAL in which nothing is new does nothing, and cannot fail (R18).
        if (errno == 0 && !(sync && wal)) {
            throw new Diverged(record + " was not refused");
        }
        return true;
    }

    private void create(TraceRecord record) throws DiskException {
        String path = record.path();
        if (path.contains("-mj")) {
            SqliteFile file = set.createSuperJournal(path);
            superJournals.put(path, file);
            open(record, file);
        } else if (path.endsWith("-journal")) {
            open(record, owner(path).createJournal());
        } else if (path.endsWith("-wal")) {
            open(record, owner(path).createWal());
        } else if (path.endsWith("-shm")) {
            open(record, owner(path).createShm());
        } else {
            disk.makeDirectories(DatabaseSet.FILES);
            disk.open(backing(path), Mode.CREATE).close();
            open(record, null);
        }
    }

    private @Nullable SqliteFile existing(String path) {
        if (path.contains("-mj")) {
            return superJournals.get(path);
        }
        Optional<Database> database = set.find(owner0(path));
        Optional<SqliteFile> file = path.endsWith("-journal")
                ? database.flatMap(Database::journal)
                : path.endsWith("-wal")
                        ? database.flatMap(Database::wal)
                        : path.endsWith("-shm") ? database.flatMap(Database::shm) : database.map(Database::file);
        if (file.isEmpty() && !owner0(path).equals(path)) {
            throw new Diverged(path + " is not there");
        }
        return file.orElse(null);
    }

    private void open(TraceRecord record, @Nullable SqliteFile file) {
        boolean writable = record.kind() == TraceRecord.CREATE || record.offset() != 0;
        Handle handle = new Handle(writable, false, record.pid());
        if (file != null) {
            file.opened(handle);
        }
        opens.put(new Descriptor(record.pid(), record.fd()), new Open(record.path(), handle, file));
    }

    private void close(Descriptor descriptor) {
        Open open = opens.remove(descriptor);
        if (open != null && open.file != null) {
            open.file.released(open.handle);
        }
    }

    private Open opened(TraceRecord record) {
        Open open = opens.get(new Descriptor(record.pid(), record.fd()));
        if (open == null) {
            throw new Diverged(record + ": not open");
        }
        return open;
    }

    private int write(TraceRecord record) throws DiskException {
        Open open = opened(record);
        ByteBuffer data = ByteBuffer.wrap(record.data());
        if (record.path().endsWith("-wal") && record.data().length == WAL_FRAME_HEADER) {
            commitFrames.put(record.path(), data.getInt(4) != 0);
        }
        if (open.file == null && record.offset() == 0 && beginsLikeADatabase(record.data())) {
            register(open.path);
        }
        SqliteFile file = open.file;
        if (file == null) {
            try (DiskFile plain = disk.open(backing(open.path), Mode.WRITE)) {
                plain.write(data, record.offset());
            }
            return 0;
        }
        return await(completion -> file.write(open.handle, record.offset(), data, completion));
    }

    private int truncate(TraceRecord record) throws DiskException {
        Open open = opened(record);
        SqliteFile file = open.file;
        if (file == null) {
            try (DiskFile plain = disk.open(backing(open.path), Mode.WRITE)) {
                plain.truncate(record.offset());
            }
            return 0;
        }
        return await(completion -> file.truncate(open.handle, record.offset(), completion));
    }

    private int sync(TraceRecord record) throws DiskException {
        Open open = opened(record);
        SqliteFile file = open.file;
        if (file == null) {
            try (DiskFile plain = disk.open(backing(open.path), Mode.WRITE)) {
                plain.sync();
            }
            return 0;
        }
        return await(completion -> file.sync(open.handle, completion));
    }

    private int unlink(TraceRecord record) throws DiskException {
        String path = record.path();
        if (path.contains("-mj")) {
            int errno = await(completion -> set.unlinkSuperJournal(path, completion));
            if (errno == 0) {
                superJournals.remove(path);
            }
            return errno;
        }
        if (path.endsWith("-journal")) {
            Database database = owner(path);
            return await(completion -> database.unlinkJournal(record.pid(), completion));
        }
        if (path.endsWith("-wal")) {
            Database database = owner(path);
            return await(database::unlinkWal);
        }
        if (path.endsWith("-shm")) {
            Database database = owner(path);
            return await(database::unlinkShm);
        }
        Optional<Database> database = set.find(path);
        if (database.isEmpty()) {
            disk.unlink(backing(path));
            return 0;
        }
        return await(completion -> set.drop(database.get(), completion));
    }

    /** The database that a side file belongs to; makes one of a plain file. */
    private Database owner(String path) throws DiskException {
        String name = owner0(path);
        Optional<Database> found = set.find(name);
        return found.isPresent() ? found.get() : register(name);
    }

    private Database register(String name) throws DiskException {
        Database database = set.register(name, 0, 0, 0644);
        for (Open open : new ArrayList<>(opens.values())) {
            if (open.path.equals(name) && open.file == null) {
                open.file = database.file();
                database.file().opened(open.handle);
            }
        }
        return database;
    }

    private int await(java.util.function.Consumer<Completion> call) {
        int[] result = {-1};
        call.accept(errno -> {
            if (result[0] != -1) {
                throw new Diverged("completed twice");
            }
            result[0] = errno;
        });
        while (host.runAnswers() || result[0] == -1 && host.runTask()) {
            // An answer may ask again; a call may wait for a task.
        }
        if (result[0] == -1) {
            throw new Diverged("never completed");
        }
        return result[0];
    }

    private static boolean beginsLikeADatabase(byte[] data) {
        return data.length >= MAGIC.length && Arrays.equals(data, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    }

    private static String owner0(String path) {
        for (String suffix : List.of("-journal", "-wal", "-shm")) {
            if (path.endsWith(suffix)) {
                return path.substring(0, path.length() - suffix.length());
            }
        }
        return path;
    }

    private static String backing(String path) {
        return DatabaseSet.FILES + "/" + path;
    }
}
