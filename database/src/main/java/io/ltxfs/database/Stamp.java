package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import java.nio.ByteBuffer;

/**
 * How a database file was left by a clean stop. A start that finds it otherwise reads the whole file: somebody changed it
 * behind the mount, and page checksums that are only carried on would agree with each other and not with the file (F8).
 *
 * @param position the database's position then
 * @param size of the file in bytes
 * @param modifiedNanos when it last changed
 */
record Stamp(Position position, long size, long modifiedNanos) {
    private static final int BYTES = 4 * Long.BYTES;

    static Stamp of(Position position, DiskFile file) throws DiskException {
        return new Stamp(position, file.size(), file.modifiedNanos());
    }

    void write(Disk disk, String path) throws DiskException {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES);
        bytes.putLong(position.txid()).putLong(position.checksum());
        bytes.putLong(size).putLong(modifiedNanos).flip();
        try (DiskFile file = disk.open(path, Disk.Mode.CREATE)) {
            file.write(bytes, 0);
            file.sync();
        }
    }

    /**
     * Takes the stamp of the last stop away, and tells whether the file must be read: it has a stamp for this position
     * and is not as that says.
     */
    static boolean takeAndCompare(Disk disk, String path, Position position, DiskFile file) throws DiskException {
        if (!disk.exists(path)) {
            return false;
        }
        ByteBuffer bytes = ByteBuffer.allocate(BYTES);
        try (DiskFile stamp = disk.open(path, Disk.Mode.READ)) {
            stamp.read(bytes, 0);
        }
        disk.unlink(path);
        if (bytes.hasRemaining()) {
            return false;
        }
        bytes.flip();
        Stamp left = new Stamp(new Position(bytes.getLong(), bytes.getLong()), bytes.getLong(), bytes.getLong());
        return left.position.equals(position) && !left.equals(of(position, file));
    }
}
