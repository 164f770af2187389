package io.ltxfs.database.sim;

import io.ltxfs.database.Database;
import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Databases for tests that need some commits, whatever is in them. */
final class Bench {
    static final int PAGE_SIZE = 512;
    private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);

    private Bench() {}

    /** A file that begins like a database, of pages with something in them. */
    static byte[] image(int pages, Random random) {
        byte[] image = new byte[pages * PAGE_SIZE];
        random.nextBytes(image);
        Arrays.fill(image, 0, 100, (byte) 0);
        System.arraycopy(MAGIC, 0, image, 0, MAGIC.length);
        ByteBuffer header = ByteBuffer.wrap(image);
        header.putShort(16, (short) PAGE_SIZE).put(18, (byte) 1).put(19, (byte) 1);
        header.put(21, (byte) 64).put(22, (byte) 32).put(23, (byte) 32);
        header.putInt(24, 1).putInt(28, pages).putInt(92, 1);
        return image;
    }

    /** What a file is as a position. */
    static TransactionHeader position(String name, long txid, long timeMillis, byte[] image) {
        return new TransactionHeader(
                name,
                txid,
                7,
                timeMillis,
                PAGE_SIZE,
                image.length / PAGE_SIZE,
                0,
                SqliteImage.checksum(image),
                Image.FULL,
                1000,
                100,
                0640);
    }

    /** Puts a file on the disk, durably. */
    static void stage(SimDisk disk, String path, byte[] image) throws DiskException {
        disk.makeDirectories("staging");
        disk.syncDirectory("");
        try (DiskFile file = disk.open(path, Disk.Mode.CREATE)) {
            file.write(ByteBuffer.wrap(image), 0);
            file.sync();
        }
        disk.syncDirectory("staging");
    }

    /** One transaction that changes page 1 and the last one. @return what the database holds then */
    static byte[] commit(Database database, SimHost host, byte[] content, Random random) {
        return commit(database, host, content, changed(content, random));
    }

    /** The same with what is to be there. */
    static byte[] commit(Database database, SimHost host, byte[] content, byte[] after) {
        int last = content.length / PAGE_SIZE;
        Transaction transaction = new Transaction(database, host);
        transaction.begin();
        transaction.journal(content, List.of(1, last));
        transaction.write(0, Arrays.copyOf(after, PAGE_SIZE));
        transaction.write((last - 1L) * PAGE_SIZE, Arrays.copyOfRange(after, after.length - PAGE_SIZE, after.length));
        transaction.sync();
        transaction.end();
        return after;
    }

    static byte[] changed(byte[] content, Random random) {
        byte[] after = content.clone();
        ByteBuffer header = ByteBuffer.wrap(after);
        int counter = header.getInt(24) + 1;
        header.putInt(24, counter).putInt(92, counter).putInt(60, random.nextInt());
        header.putInt(after.length - 4, random.nextInt());
        return after;
    }

    /** {@link #commit}, refused at the sync and rolled back. @return the errno */
    static String refused(Database database, SimHost host, byte[] content, Random random) {
        byte[] after = changed(content, random);
        Transaction transaction = new Transaction(database, host);
        transaction.begin();
        transaction.journal(content, List.of(1));
        transaction.write(0, Arrays.copyOf(after, PAGE_SIZE));
        String message = "";
        try {
            transaction.sync();
        } catch (IllegalStateException e) {
            message = e.getMessage();
        }
        transaction.write(0, Arrays.copyOf(content, PAGE_SIZE));
        transaction.sync();
        transaction.end();
        return message;
    }
}
