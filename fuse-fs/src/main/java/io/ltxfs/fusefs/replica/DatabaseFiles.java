package io.ltxfs.fusefs.replica;

import io.ltxfs.database.Database.WalTail;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.database.posix.RecordLock;
import io.ltxfs.fusefs.host.IndexFile;
import io.ltxfs.fusefs.host.SqliteLocks;
import io.ltxfs.fusefs.host.WalIndexLayout;
import io.ltxfs.fusefs.host.WalIndexPublisher;
import io.ltxfs.fusefs.own.OwnFile;
import io.ltxfs.fusefs.own.OwnMountThread;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files of one database, opened through the own mount, and SQLite's locks on them. For jobs of one own thread only.
 * The descriptors are others than those that the host asks questions through: each has its own locks.
 */
final class DatabaseFiles {
    private static final int CREATE = OpenFlags.RDWR | OpenFlags.CREAT;

    /** For how long a writer's lock is tried for without a pause. */
    private static final long BETWEEN_NANOS = Duration.ofMillis(4).toNanos();

    private final String path;
    private @Nullable OwnFile file;
    private @Nullable OwnFile wal;
    private @Nullable OwnFile index;

    /** @param path of the database, absolute */
    DatabaseFiles(String path) {
        this.path = path;
    }

    private OwnFile file(OwnMountThread thread) throws PosixException {
        OwnFile open = file;
        if (open == null) {
            open = thread.open(path, OpenFlags.RDWR);
            file = open;
        }
        return open;
    }

    private static OwnFile opened(@Nullable OwnFile file) {
        if (file == null) {
            throw new IllegalStateException("not open");
        }
        return file;
    }

    private static Grip obstacle(OwnFile file, String what, int type, long start, long length) throws PosixException {
        Optional<RecordLock.Holder> holder = file.queryLock(type, start, length);
        return new Grip(
                false, what, holder.isPresent() ? Math.max(0, holder.get().pid()) : 0);
    }

    /** SHARED, as SQLite takes it: PENDING keeps it off while a writer waits. */
    private @Nullable Grip share(OwnFile database) throws PosixException {
        boolean got = database.setLock(RecordLock.READ, SqliteLocks.PENDING, 1)
                && database.setLock(RecordLock.READ, SqliteLocks.SHARED_FIRST, SqliteLocks.SHARED_BYTES);
        Grip obstacle = got
                ? null
                : obstacle(
                        database,
                        "another process commits or holds the database exclusively",
                        RecordLock.READ,
                        SqliteLocks.PENDING,
                        SqliteLocks.SHARED_BYTES + 2);
        database.setLock(RecordLock.UNLOCK, SqliteLocks.PENDING, 1);
        return obstacle;
    }

    /**
     * Takes a writer's lock. An application that commits one transaction after the other has it nearly all the time, and the
     * moments in between are short: they are looked for without a pause, for a little while.
     */
    private static boolean setLockBetween(OwnFile file, long at) throws PosixException {
        long end = System.nanoTime() + BETWEEN_NANOS;
        while (!file.setLock(RecordLock.WRITE, at, 1)) {
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            Thread.onSpinWait();
        }
        return true;
    }

    /**
     * Takes SHARED and RESERVED, this one first: SHARED would be in the way of the commit that is waited for. Holds nothing
     * if it cannot.
     */
    Grip lockRollback(OwnMountThread thread) throws PosixException {
        OwnFile database = file(thread);
        Grip busy = setLockBetween(database, SqliteLocks.RESERVED)
                ? share(database)
                : obstacle(
                        database, "another process has begun a transaction", RecordLock.WRITE, SqliteLocks.RESERVED, 1);
        if (busy == null) {
            return Grip.HELD;
        }
        unlock();
        return busy;
    }

    /** Takes SHARED, DMS and WRITE, and makes the WAL and its index where they are missing (E1). Holds nothing if it cannot. */
    Grip lockWal(OwnMountThread thread) throws PosixException {
        OwnFile database = file(thread);
        Grip busy = share(database);
        if (busy == null) {
            busy = lockIndex(thread);
        }
        if (busy == null) {
            return Grip.HELD;
        }
        unlock();
        return busy;
    }

    /** While the database file is locked, shared or more: nobody removes the side files then. */
    private @Nullable Grip lockIndex(OwnMountThread thread) throws PosixException {
        closeSides();
        wal = thread.open(path + "-wal", CREATE);
        OwnFile shm = thread.open(path + "-shm", CREATE);
        index = shm;
        if (shm.setLock(RecordLock.WRITE, SqliteLocks.WAL_DMS, 1)) {
            shm.truncate(0);
            shm.truncate(WalIndexLayout.REGION_BYTES);
        }
        if (!shm.setLock(RecordLock.READ, SqliteLocks.WAL_DMS, 1)) {
            return obstacle(shm, "another process makes the wal-index", RecordLock.READ, SqliteLocks.WAL_DMS, 1);
        }
        if (!setLockBetween(shm, SqliteLocks.WAL_WRITE)) {
            return obstacle(shm, "another process has begun a transaction", RecordLock.WRITE, SqliteLocks.WAL_WRITE, 1);
        }
        return null;
    }

    /** Gives back all locks, and closes the side files. */
    void unlock() throws PosixException {
        closeSides();
        OwnFile database = file;
        if (database != null) {
            database.setLock(RecordLock.UNLOCK, SqliteLocks.WHOLE_FIRST, SqliteLocks.WHOLE_BYTES);
        }
    }

    private void closeSides() {
        OwnFile shm = index;
        index = null;
        if (shm != null) {
            shm.close();
        }
        OwnFile log = wal;
        wal = null;
        if (log != null) {
            log.close();
        }
    }

    /** Closes everything, which gives back all locks. */
    void close() {
        closeSides();
        OwnFile database = file;
        file = null;
        if (database != null) {
            database.close();
        }
    }

    /** Opens the wal-index, if there is one, for {@link #poison}. */
    boolean openIndex(OwnMountThread thread) throws PosixException {
        if (index == null) {
            try {
                index = thread.open(path + "-shm", OpenFlags.RDWR);
            } catch (PosixException e) {
                if (e.errno() != Errno.ENOENT) {
                    throw e;
                }
            }
        }
        return index != null;
    }

    /**
     * Makes the wal-index invalid, when the WAL's handles are: a connection would go on with what it has read before as
     * long as the index says that nothing has changed. Now it looks at the WAL, and fails.
     */
    boolean poison(ByteBuffer buffer) throws PosixException {
        OwnFile shm = index;
        if (shm == null) {
            return false;
        }
        buffer.clear();
        while (buffer.position() < 2 * WalIndexLayout.HEADER_BYTES) {
            buffer.put((byte) 0);
        }
        buffer.flip();
        shm.write(buffer, 0);
        return true;
    }

    // ---- EXCLUSIVE

    /** Takes EXCLUSIVE, where SHARED is held. PENDING stays when readers are in the way: no new ones come. */
    Grip exclude() throws PosixException {
        OwnFile database = opened(file);
        if (!database.setLock(RecordLock.WRITE, SqliteLocks.PENDING, 1)
                || !database.setLock(RecordLock.WRITE, SqliteLocks.RESERVED, 1)
                || !database.setLock(RecordLock.WRITE, SqliteLocks.SHARED_FIRST, SqliteLocks.SHARED_BYTES)) {
            return obstacle(
                    database,
                    "another process reads",
                    RecordLock.WRITE,
                    SqliteLocks.PENDING,
                    SqliteLocks.SHARED_BYTES + 2);
        }
        return Grip.HELD;
    }

    /** From EXCLUSIVE, or a PENDING that waits for it, to what is held in rollback mode. */
    Grip toReserved() throws PosixException {
        closeSides();
        OwnFile database = opened(file);
        database.setLock(RecordLock.READ, SqliteLocks.SHARED_FIRST, SqliteLocks.SHARED_BYTES);
        database.setLock(RecordLock.UNLOCK, SqliteLocks.PENDING, 1);
        return Grip.HELD;
    }

    /** From EXCLUSIVE to what is held in WAL mode. */
    Grip toWal(OwnMountThread thread) throws PosixException {
        Grip busy = lockIndex(thread);
        return busy == null ? toShared() : busy;
    }

    /** From a PENDING that waits for EXCLUSIVE back to what is held in WAL mode. */
    Grip toShared() throws PosixException {
        OwnFile database = opened(file);
        database.setLock(RecordLock.READ, SqliteLocks.SHARED_FIRST, SqliteLocks.SHARED_BYTES);
        database.setLock(RecordLock.UNLOCK, SqliteLocks.PENDING, 2);
        return Grip.HELD;
    }

    // ---- WAL

    /**
     * Brings the wal-index to the end of what is captured (E2, C3) and reads where that is. WRITE is held.
     *
     * @param tail what is captured of the WAL; null if nothing is
     * @param salts two random numbers, for a WAL that was never written
     * @return null if the index is to be recovered and somebody is in the way
     */
    @Nullable
    WalState load(@Nullable WalTail tail, int pageSize, int[] salts, ByteBuffer buffer) throws IOException {
        OwnFile shm = opened(index);
        IndexFile through = new IndexFile(shm);
        ByteBuffer prefix = buffer.clear().limit(WalIndexLayout.PREFIX_BYTES);
        shm.read(prefix, 0);
        WalIndexLayout.Header header = null;
        if (!prefix.hasRemaining()) {
            header = WalIndexLayout.header(prefix, 0);
            if (header != null && !header.equals(WalIndexLayout.header(prefix, WalIndexLayout.HEADER_BYTES))) {
                header = null;
            }
        }
        WalState state = new WalState();
        state.backfilled = header == null ? 0 : WalIndexLayout.backfilled(prefix);
        if (header != null && tail != null && header.salt1() == tail.salt1() && header.salt2() == tail.salt2()) {
            if (header.mxFrame() == tail.mxFrame()) {
                fill(state, tail, header.change());
                return state;
            }
            if (header.mxFrame() < tail.mxFrame()
                    && WalIndexPublisher.publish(through, tail) == WalIndexPublisher.Outcome.PUBLISHED) {
                fill(state, tail, header.change() + 1);
                return state;
            }
        }
        boolean empty = header != null
                && header.mxFrame() == 0
                && (tail == null || header.salt1() == tail.salt1() + 1 && tail.mxFrame() == state.backfilled);
        if (tail != null && !empty) {
            fill(state, tail, header == null ? 0 : header.change());
            return recover(shm, state, buffer) ? state : null;
        }
        state.pageSize = pageSize;
        state.bigEndian = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN;
        state.checkpointSequence = tail == null ? 0 : tail.checkpointSequence() + 1;
        state.shrank = true;
        state.salt1 = salts[0];
        state.salt2 = salts[1];
        if (header == null || !empty) {
            return recover(shm, state, buffer) ? state : null;
        }
        state.change = header.change();
        state.databasePages = header.pages();
        if (header.salt1() != 0 || header.salt2() != 0) {
            state.salt1 = header.salt1();
            state.salt2 = header.salt2();
        }
        return state;
    }

    private static void fill(WalState state, WalTail tail, int change) {
        state.change = change;
        state.pageSize = tail.pageSize();
        state.bigEndian = tail.bigEndianChecksums();
        state.salt1 = tail.salt1();
        state.salt2 = tail.salt2();
        state.checkpointSequence = tail.checkpointSequence();
        state.databasePages = tail.commit();
        state.mxFrame = tail.mxFrame();
        state.published = tail.mxFrame();
        state.checksum = (long) tail.checksum1() << 32 | Integer.toUnsignedLong(tail.checksum2());
        state.pages(tail.framePages());
        state.shrank = true;
    }

    /** Makes the wal-index anew, as a recovery does. @return false if somebody is in the way */
    private static boolean recover(OwnFile shm, WalState state, ByteBuffer buffer) throws IOException {
        if (!shm.setLock(RecordLock.WRITE, SqliteLocks.WAL_CHECKPOINT, SqliteLocks.WAL_RECOVERY_BYTES)) {
            return false;
        }
        try {
            state.change++;
            state.backfilled = 0;
            if (state.mxFrame > 0) {
                IndexWriter.enter(shm, 1, state.pages(0, state.mxFrame), buffer);
            }
            IndexWriter.marks(shm, state.mxFrame, buffer);
            IndexWriter.headers(shm, state.header(), buffer);
        } finally {
            shm.setLock(RecordLock.UNLOCK, SqliteLocks.WAL_CHECKPOINT, SqliteLocks.WAL_RECOVERY_BYTES);
        }
        return true;
    }

    /** Frames, where they belong. */
    int append(ByteBuffer frames, long offset) throws PosixException {
        opened(wal).write(frames, offset);
        return 0;
    }

    /** Publishes frames that are stored. @param pages of the frames from {@code first} on */
    int publish(int first, int[] pages, WalIndexLayout.Header header, ByteBuffer buffer) throws IOException {
        IndexWriter.publish(opened(index), first, pages, header, buffer);
        return 0;
    }

    /** How many frames are in the database file, by whoever brought them there. */
    int backfilled(ByteBuffer buffer) throws PosixException {
        ByteBuffer prefix = buffer.clear().limit(WalIndexLayout.PREFIX_BYTES);
        opened(index).read(prefix, 0);
        return WalIndexLayout.backfilled(prefix);
    }

    /**
     * Begins a new WAL if nobody reads the old one (E3); all of it is in the database file.
     *
     * @param header of the new one, without frames
     */
    boolean restart(WalIndexLayout.Header header, ByteBuffer buffer) throws IOException {
        OwnFile shm = opened(index);
        if (!shm.setLock(RecordLock.WRITE, SqliteLocks.WAL_READ_FIRST + 1, SqliteLocks.WAL_READERS)) {
            return false;
        }
        try {
            IndexWriter.headers(shm, header, buffer);
            IndexWriter.marks(shm, 0, buffer);
        } finally {
            shm.setLock(RecordLock.UNLOCK, SqliteLocks.WAL_READ_FIRST + 1, SqliteLocks.WAL_READERS);
        }
        return true;
    }

    // ---- checkpoint (E8)

    /**
     * Begins a checkpoint.
     *
     * @return up to which frame it may go; 0 if there is nothing that it may do at this moment
     */
    int beginCheckpoint(int mxFrame, ByteBuffer buffer) throws PosixException {
        OwnFile shm = opened(index);
        if (!shm.setLock(RecordLock.WRITE, SqliteLocks.WAL_CHECKPOINT, 1)) {
            return 0;
        }
        int safe = mxFrame;
        boolean begun = false;
        try {
            ByteBuffer prefix = buffer.clear().limit(WalIndexLayout.PREFIX_BYTES);
            shm.read(prefix, 0);
            prefix.order(ByteOrder.nativeOrder());
            int backfilled = WalIndexLayout.backfilled(prefix);
            int[] marks = new int[SqliteLocks.WAL_READERS + 1];
            for (int i = 1; i < marks.length; i++) {
                marks[i] = prefix.getInt(WalIndexLayout.MARKS_OFFSET + i * Integer.BYTES);
            }
            for (int i = 1; i < marks.length; i++) {
                if (Integer.compareUnsigned(marks[i], safe) >= 0) {
                    continue;
                }
                if (shm.setLock(RecordLock.WRITE, SqliteLocks.WAL_READ_FIRST + i, 1)) {
                    put(shm, i == 1 ? safe : WalIndexLayout.MARK_UNUSED, WalIndexLayout.MARKS_OFFSET + i * 4, buffer);
                    shm.setLock(RecordLock.UNLOCK, SqliteLocks.WAL_READ_FIRST + i, 1);
                } else {
                    safe = marks[i];
                }
            }
            if (backfilled < safe && shm.setLock(RecordLock.WRITE, SqliteLocks.WAL_READ_FIRST, 1)) {
                put(shm, safe, WalIndexLayout.BACKFILL_ATTEMPTED_OFFSET, buffer);
                begun = true;
            }
        } finally {
            if (!begun) {
                shm.setLock(RecordLock.UNLOCK, SqliteLocks.WAL_CHECKPOINT, 1);
            }
        }
        return begun ? safe : 0;
    }

    private static void put(OwnFile shm, int value, long offset, ByteBuffer buffer) throws PosixException {
        buffer.clear().order(ByteOrder.nativeOrder());
        buffer.putInt(value).flip();
        shm.write(buffer, offset);
    }

    /**
     * Copies pages from the WAL to the database file, neighbours together.
     *
     * @param copies page number in the upper word and frame in the lower one, ascending
     */
    int copy(long[] copies, int from, int to, int pageSize, ByteBuffer buffer) throws PosixException {
        OwnFile log = opened(wal);
        OwnFile database = opened(file);
        int at = from;
        while (at < to) {
            int first = (int) (copies[at] >>> 32);
            int run = 0;
            buffer.clear();
            while (at < to && (int) (copies[at] >>> 32) == first + run && buffer.remaining() >= pageSize) {
                int end = buffer.position() + pageSize;
                buffer.limit(end);
                log.read(buffer, Checkpoint.pageOffset((int) copies[at], pageSize));
                if (buffer.position() != end) {
                    throw new PosixException(Errno.EIO, "read a frame of " + path + "-wal");
                }
                buffer.limit(buffer.capacity());
                run++;
                at++;
            }
            buffer.flip();
            database.write(buffer, (Integer.toUnsignedLong(first) - 1) * pageSize);
        }
        return 0;
    }

    /**
     * Ends a checkpoint: frames up to {@code safe} are in the database file.
     *
     * @param size of the database in bytes if the file may be longer, else -1
     */
    int endCheckpoint(int safe, long size, ByteBuffer buffer) throws PosixException {
        OwnFile shm = opened(index);
        try {
            OwnFile database = opened(file);
            if (size >= 0 && database.stat().size() > size) {
                database.truncate(size);
            }
            // With READ0's mark, which is always 0: eight aligned bytes are stored in one piece.
            buffer.clear().order(ByteOrder.nativeOrder());
            buffer.putInt(safe).putInt(0).flip();
            shm.write(buffer, WalIndexLayout.BACKFILL_OFFSET);
        } finally {
            leaveCheckpoint();
        }
        return safe;
    }

    /** Gives back a checkpoint's locks. */
    int leaveCheckpoint() throws PosixException {
        OwnFile shm = opened(index);
        shm.setLock(RecordLock.UNLOCK, SqliteLocks.WAL_READ_FIRST, 1);
        shm.setLock(RecordLock.UNLOCK, SqliteLocks.WAL_CHECKPOINT, 1);
        return 0;
    }
}
