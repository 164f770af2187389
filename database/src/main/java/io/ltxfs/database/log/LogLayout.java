package io.ltxfs.database.log;

import io.ltxfs.database.log.TransactionHeader.Image;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The bytes of the log. All numbers are little-endian.
 *
 * <pre>
 * segment  = head record, then records; LSNs ascend by one
 * record   = header (40), metadata, page table (16 a page), page data unless it lies in a stage
 * header   = magic 4, kind 1, flags 1, zero 2, lsn 8, metadata length 4, page count 4, page size 4, zero 4, chain 8
 * table    = page number 4, slot 4, page checksum 8
 * </pre>
 *
 * <p>The chain is the CRC-64 over the previous record's chain, and this record's header before the chain, metadata and
 * table; so a record that was left behind by an earlier use of its place is never taken for one that belongs here. Page
 * data is covered by the page checksums in the table, which the capture has computed anyway. A head's chain begins at
 * zero, its LSN field is the first LSN of the segment, and the chain goes on from the last record before the segment.
 *
 * <p>A record's end is known from its header alone; where the log ends, the next header does not fit the chain. The
 * length of the file says nothing.
 */
final class LogLayout {
    static final int MAGIC = 0x5258544c; // "LTXR"
    static final int VERSION = 1;

    static final int KIND_AT = 4;
    static final int FLAGS_AT = 5;
    static final int LSN_AT = 8;
    static final int META_LENGTH_AT = 16;
    static final int PAGE_COUNT_AT = 20;
    static final int PAGE_SIZE_AT = 24;
    static final int CHAIN_AT = 32;
    static final int HEADER_BYTES = 40;

    static final int TABLE_ENTRY_BYTES = 16;
    static final int TABLE_SLOT_AT = 4;
    static final int TABLE_CHECKSUM_AT = 8;

    /** The pages lie in a stage, not behind the table. */
    static final int FLAG_STAGED = 1;

    static final byte HEAD = 1;
    static final byte COMMITTED = 2;
    static final byte PREPARED = 3;
    static final byte COMMIT = 4;
    static final byte GROUP_COMMIT = 5;
    static final byte ABORT = 6;
    static final byte WATERMARK = 7;
    /** Pages of a database as of an LSN before the oldest segment; internal to the log. */
    static final byte CARRIED = 8;
    /** Names the databases for which nothing was carried; internal to the log. */
    static final byte CARRY_END = 9;

    /** No metadata but a head's is longer. */
    static final int META_BYTES_MAX = 64 * 1024;

    /** Bytes of a transaction's numbers, see {@link #putNumbers}. */
    private static final int NUMBERS_BYTES = 62;

    /** The last byte of the numbers; logs of before have 0 there. */
    private static final byte JUMP = 1;

    private static final Image[] IMAGES = Image.values();

    private LogLayout() {}

    static void putHeader(
            ByteBuffer out, int at, byte kind, boolean staged, long lsn, int metaLength, int pageCount, int pageSize) {
        out.putInt(at, MAGIC);
        out.put(at + KIND_AT, kind);
        out.put(at + FLAGS_AT, (byte) (staged ? FLAG_STAGED : 0));
        out.putShort(at + 6, (short) 0);
        out.putLong(at + LSN_AT, lsn);
        out.putInt(at + META_LENGTH_AT, metaLength);
        out.putInt(at + PAGE_COUNT_AT, pageCount);
        out.putInt(at + PAGE_SIZE_AT, pageSize);
        out.putInt(at + 28, 0);
    }

    /** Appends one entry of a page table. */
    static void putTableEntry(ByteBuffer out, int pgno, int slot, long checksum) {
        out.putInt(pgno).putInt(slot).putLong(checksum);
    }

    /** Metadata of {@link #COMMITTED} and {@link #PREPARED}. @param stage id, or 0 @param replaces LSN, or 0 */
    static void putTransaction(ByteBuffer out, TransactionHeader header, long stage, long replaces, String group) {
        out.putLong(stage).putLong(replaces);
        putNumbers(out, header);
        putString(out, header.database());
        putString(out, group);
    }

    /** A transaction's metadata as it was read. */
    record Transaction(long stage, long replaces, TransactionHeader header, String group) {}

    static Transaction transaction(ByteBuffer in) {
        long stage = in.getLong();
        long replaces = in.getLong();
        int numbers = in.position();
        in.position(numbers + NUMBERS_BYTES);
        String database = string(in);
        String group = string(in);
        return new Transaction(stage, replaces, numbers(in, numbers, database), group);
    }

    /** The stage of a transaction's metadata, without reading the rest. */
    static long stageOf(ByteBuffer meta) {
        return meta.getLong(meta.position());
    }

    /** A transaction's header without its database's name. */
    static void putNumbers(ByteBuffer out, TransactionHeader header) {
        out.putLong(header.txid()).putLong(header.epoch()).putLong(header.timeMillis());
        out.putInt(header.pageSize()).putInt(header.commit());
        out.putLong(header.preChecksum()).putLong(header.postChecksum());
        out.putInt(header.uid()).putInt(header.gid()).putInt(header.mode());
        out.put((byte) header.image().ordinal()).put(header.jump() ? JUMP : 0);
    }

    static TransactionHeader numbers(ByteBuffer in, int at, String database) {
        return new TransactionHeader(
                database,
                in.getLong(at),
                in.getLong(at + 8),
                in.getLong(at + 16),
                in.getInt(at + 24),
                in.getInt(at + 28),
                in.getLong(at + 32),
                in.getLong(at + 40),
                IMAGES[in.get(at + 60)],
                in.getInt(at + 48),
                in.getInt(at + 52),
                in.getInt(at + 56),
                in.get(at + 61) == JUMP);
    }

    /** {@link #numbers} at the buffer's position, which moves behind them. */
    static TransactionHeader numbers(ByteBuffer in, String database) {
        TransactionHeader header = numbers(in, in.position(), database);
        in.position(in.position() + NUMBERS_BYTES);
        return header;
    }

    /** Metadata of a mark. */
    static void putLsns(ByteBuffer out, List<Long> lsns) {
        for (long lsn : lsns) {
            out.putLong(lsn);
        }
    }

    static List<Long> lsns(ByteBuffer in) {
        if (in.remaining() == Long.BYTES) {
            return List.of(in.getLong());
        }
        List<Long> lsns = new ArrayList<>(in.remaining() / Long.BYTES);
        while (in.remaining() >= Long.BYTES) {
            lsns.add(in.getLong());
        }
        return List.copyOf(lsns);
    }

    /** A length of two bytes, then UTF-8. */
    static void putString(ByteBuffer out, String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        if (utf8.length > 0xffff) {
            throw new IllegalArgumentException("a name of " + utf8.length + " bytes does not fit the log");
        }
        out.putShort((short) utf8.length).put(utf8);
    }

    static String string(ByteBuffer in) {
        int length = Short.toUnsignedInt(in.getShort());
        if (length == 0) {
            return "";
        }
        byte[] utf8 = new byte[length];
        in.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    /** Whether a page size is one of SQLite's. */
    static boolean isPageSize(int bytes) {
        return bytes >= 512 && bytes <= 65536 && Integer.bitCount(bytes) == 1;
    }
}
