package io.ltxfs.database.sim;

/**
 * One system call of a recorded process, or a mark.
 *
 * @param kind one of the constants
 * @param pid the process
 * @param fd the descriptor, or -1
 * @param offset of a write; the size of a truncate; the start of a lock
 * @param path below the mount
 * @param data of a write; the new path of a rename; of a refused call its kind, its errno and the data it had; of a lock
 *     its length (8 bytes, little-endian) and {@code r}, {@code w} or {@code u}; the text of a mark
 */
public record TraceRecord(char kind, int pid, int fd, long offset, String path, byte[] data) {
    public static final char CREATE = 'C';
    public static final char OPEN = 'O';
    public static final char CLOSE = 'X';
    public static final char WRITE = 'W';
    public static final char TRUNCATE = 'T';
    public static final char SYNC = 'S';
    public static final char UNLINK = 'U';
    public static final char RENAME = 'R';
    public static final char REFUSED = 'E';
    public static final char LOCK = 'L';
    public static final char MARK = 'M';

    @Override
    public String toString() {
        String what = kind == REFUSED ? "E(" + (char) data[0] + ")" : String.valueOf(kind);
        return what + " " + path
                + (kind == WRITE ? " " + data.length + "@" + offset : kind == TRUNCATE ? " " + offset : "") + " fd "
                + fd;
    }
}
