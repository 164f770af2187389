package io.ltxfs.database.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * Open-file-description locks on byte ranges (fcntl(2), F_OFD_SETLK). They conflict with the POSIX locks that SQLite
 * takes, in this process and in others, and belong to the open file: closing another descriptor of the same file does
 * not lose them, which is why POSIX locks are never used here (D7).
 */
public final class RecordLock {
    /** Shared. */
    public static final int READ = 0;

    /** Exclusive. */
    public static final int WRITE = 1;

    /** None: gives a range back. */
    public static final int UNLOCK = 2;

    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;

    // struct flock of a 64-bit libc
    private static final int TYPE = 0;
    private static final int WHENCE = 2;
    private static final int START = 8;
    private static final int LENGTH = 16;
    private static final int PID = 24;
    private static final int BYTES = 32;

    private RecordLock() {}

    /**
     * A lock that is in the way.
     *
     * @param type {@link #READ} or {@link #WRITE}
     * @param pid the process that has it, 0 if it is not visible here, -1 if it is an open-file-description lock
     */
    public record Holder(int type, long start, long length, int pid) {}

    /**
     * Takes or gives back a range, without waiting.
     *
     * @param type {@link #READ}, {@link #WRITE} or {@link #UNLOCK}
     * @param length bytes; 0 means to the end of all files
     * @return 0, or {@code -EAGAIN} (or {@code -EACCES}) if it is held, or another negative error number
     */
    public static int set(int fd, int type, long start, long length) {
        return Posix.fcntl(fd, F_OFD_SETLK, flock(type, start, length).array());
    }

    /**
     * Asks who is in the way of a lock of the given type; locks of this open file never are.
     *
     * @throws PosixException if the kernel refuses the question
     */
    public static Optional<Holder> query(int fd, int type, long start, long length) throws PosixException {
        ByteBuffer flock = flock(type, start, length);
        Posix.check(Posix.fcntl(fd, F_OFD_GETLK, flock.array()), "query lock at " + start);
        int found = flock.getShort(TYPE);
        if (found == UNLOCK) {
            return Optional.empty();
        }
        return Optional.of(new Holder(found, flock.getLong(START), flock.getLong(LENGTH), flock.getInt(PID)));
    }

    private static ByteBuffer flock(int type, long start, long length) {
        ByteBuffer flock = ByteBuffer.allocate(BYTES).order(ByteOrder.nativeOrder());
        return flock.putShort(TYPE, (short) type)
                .putShort(WHENCE, (short) 0)
                .putLong(START, start)
                .putLong(LENGTH, length)
                .putInt(PID, 0);
    }
}
