package io.ltxfs.ltx;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Turns a SQLite database file into a snapshot. Only the database file is read, and no lock is taken: the caller sees
 * to it that no program writes to it and that nothing is left in its WAL.
 */
public final class LtxEncoder {
    private static final int COPY_SIZE = 1 << 16;

    /**
     * How to encode.
     *
     * @param maxTxid the last transaction that the snapshot stands for
     * @param timestampMillis its time, milliseconds since 1970 UTC
     * @param checksums whether the snapshot carries the database checksum
     */
    public record Options(long maxTxid, long timestampMillis, boolean checksums, PageCoding coding) {}

    private LtxEncoder() {}

    /**
     * Encodes a database.
     *
     * @param database the database file's content
     * @param size its size in bytes
     * @throws LtxFormatException with the offset in the database file, if it is no database or ends too soon
     */
    public static LtxSummary encode(InputStream database, long size, OutputStream out, Options options)
            throws IOException {
        byte[] start = database.readNBytes(DatabaseHeader.SIZE);
        DatabaseHeader geometry = DatabaseHeader.parse(start, size);
        LtxHeader header =
                LtxHeader.snapshot(geometry.pageSize(), geometry.pages(), options.maxTxid(), options.timestampMillis());
        LtxWriter writer =
                new LtxWriter(out, options.checksums() ? header : header.withoutChecksums(), options.coding());
        int pageSize = geometry.pageSize();
        byte[] page = new byte[pageSize];
        System.arraycopy(start, 0, page, 0, start.length);
        int filled = start.length;
        for (long pgno = 1; pgno <= Integer.toUnsignedLong(geometry.pages()); pgno++) {
            filled += database.readNBytes(page, filled, pageSize - filled);
            if (filled < pageSize) {
                throw new LtxFormatException(
                        LtxError.BAD_DATABASE,
                        (pgno - 1) * pageSize + filled,
                        "the database ends in page " + pgno + " of " + Integer.toUnsignedString(geometry.pages()));
            }
            if (pgno != header.lockPgno()) {
                writer.writePage((int) pgno, page, 0);
            }
            filled = 0;
        }
        return writer.finish();
    }

    /**
     * Encodes a database file. The snapshot appears whole and durable, or not at all; an existing one is replaced.
     *
     * @throws LtxFormatException naming the database, if it is no database or ends too soon
     */
    public static LtxSummary encode(Path database, Path snapshot, Options options) throws IOException {
        if (Files.exists(snapshot) && Files.isSameFile(database, snapshot)) {
            throw new IOException(snapshot + ": the output is the database itself");
        }
        try (InputStream in = new BufferedInputStream(Files.newInputStream(database), COPY_SIZE);
                FileReplacement replacement = FileReplacement.of(snapshot)) {
            LtxSummary summary = encode(in, Files.size(database), replacement.stream(), options);
            replacement.commit();
            return summary;
        } catch (LtxFormatException e) {
            throw e.in(database.toString());
        }
    }
}
