package io.ltxfs.database.log;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.ltx.Crc64;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Goes through the records of one segment, reading headers and metadata through a window and passing over page data.
 * After {@link #next} the methods speak of the record that was found. Not thread-safe.
 */
final class RecordReader {
    private static final int WINDOW_BYTES = 64 * 1024;

    private final DiskFile file;
    private ByteBuffer window;
    private long windowStart;

    private long offset;
    private long end;
    private byte kind;
    private boolean staged;
    private long lsn;
    private int metaLength;
    private int pageCount;
    private int pageSize;
    private long chain;

    /** @param end offset of the first record; the segment's head is read by {@link SegmentHead} */
    RecordReader(DiskFile file, long end) {
        this(file, end, ByteBuffer.allocateDirect(WINDOW_BYTES));
    }

    private RecordReader(DiskFile file, long end, ByteBuffer window) {
        this.file = file;
        this.end = end;
        this.window = window.order(ByteOrder.LITTLE_ENDIAN).limit(0);
    }

    /** A reader that looks at single records, and so reads no further than it must. */
    static RecordReader at(DiskFile file, long offset) {
        return new RecordReader(file, offset, ByteBuffer.allocate(512));
    }

    /** Goes to the record behind this one. @return false if there is nothing that looks like a record */
    boolean next() throws DiskException {
        long at = end;
        if (!load(at, LogLayout.HEADER_BYTES)) {
            return false;
        }
        int start = (int) (at - windowStart);
        kind = window.get(start + LogLayout.KIND_AT);
        lsn = window.getLong(start + LogLayout.LSN_AT);
        metaLength = window.getInt(start + LogLayout.META_LENGTH_AT);
        pageCount = window.getInt(start + LogLayout.PAGE_COUNT_AT);
        pageSize = window.getInt(start + LogLayout.PAGE_SIZE_AT);
        chain = window.getLong(start + LogLayout.CHAIN_AT);
        byte flags = window.get(start + LogLayout.FLAGS_AT);
        staged = flags == LogLayout.FLAG_STAGED;
        boolean plausible = window.getInt(start) == LogLayout.MAGIC
                && kind > LogLayout.HEAD
                && kind <= LogLayout.CARRY_END
                && (flags == 0 || staged)
                && metaLength >= 0
                && metaLength <= LogLayout.META_BYTES_MAX
                && pageCount >= 0
                && (pageCount == 0 ? pageSize == 0 : LogLayout.isPageSize(pageSize));
        if (!plausible || !load(at, LogLayout.HEADER_BYTES + metaLength)) {
            return false;
        }
        offset = at;
        end = dataOffset() + (staged ? 0 : (long) pageCount * pageSize);
        return true;
    }

    long offset() {
        return offset;
    }

    /** The offset behind the record. */
    long end() {
        return end;
    }

    byte kind() {
        return kind;
    }

    long lsn() {
        return lsn;
    }

    int pageCount() {
        return pageCount;
    }

    int pageSize() {
        return pageSize;
    }

    boolean staged() {
        return staged;
    }

    /** The chain that stands in the record; compare with {@link #computeChain}. */
    long chain() {
        return chain;
    }

    long tableOffset() {
        return offset + LogLayout.HEADER_BYTES + metaLength;
    }

    long dataOffset() {
        return tableOffset() + (long) pageCount * LogLayout.TABLE_ENTRY_BYTES;
    }

    /** The metadata; good until the next call that reads. */
    ByteBuffer meta() {
        int start = (int) (offset - windowStart) + LogLayout.HEADER_BYTES;
        return window.slice(start, metaLength).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The id of the stage with the record's pages, or 0. */
    long stage() {
        return staged ? LogLayout.stageOf(meta()) : 0;
    }

    /** The chain that the record must have behind a record with that chain. Reads the table. */
    long computeChain(long previousChain) throws DiskException {
        int start = (int) (offset - windowStart);
        long crc = Crc64.update(previousChain, window, start, LogLayout.CHAIN_AT);
        crc = Crc64.update(crc, window, start + LogLayout.HEADER_BYTES, metaLength);
        long at = tableOffset();
        long tableEnd = dataOffset();
        long here = Math.min(tableEnd, windowStart + window.limit());
        if (here > at) {
            crc = Crc64.update(crc, window, (int) (at - windowStart), (int) (here - at));
            at = here;
        }
        if (at < tableEnd) {
            crc = chainOfRest(crc, at, tableEnd);
        }
        return crc;
    }

    private long chainOfRest(long crcSoFar, long from, long to) throws DiskException {
        ByteBuffer piece = ByteBuffer.allocateDirect((int) Math.min(WINDOW_BYTES, to - from));
        long crc = crcSoFar;
        long at = from;
        while (at < to) {
            piece.clear().limit((int) Math.min(piece.capacity(), to - at));
            int bytes = file.read(piece, at);
            if (bytes == 0) {
                return ~chain;
            }
            crc = Crc64.update(crc, piece, 0, bytes);
            at += bytes;
        }
        return crc;
    }

    /** The record for the log's users. Not for {@link LogLayout#CARRIED} and {@link LogLayout#CARRY_END}. */
    LogEntry entry(long segment) {
        LogEntry.Location location = new LogEntry.Location(segment, offset);
        ByteBuffer meta = meta();
        return switch (kind) {
            case LogLayout.COMMITTED, LogLayout.PREPARED -> {
                LogLayout.Transaction transaction = LogLayout.transaction(meta);
                yield new LogEntry(
                        lsn,
                        kind == LogLayout.COMMITTED ? LogEntry.Kind.COMMITTED : LogEntry.Kind.PREPARED,
                        transaction.header(),
                        transaction.group(),
                        transaction.replaces() == 0 ? List.of() : List.of(transaction.replaces()),
                        "",
                        pageCount,
                        location);
            }
            case LogLayout.WATERMARK -> {
                List<Long> target = List.of(meta.getLong());
                yield new LogEntry(lsn, LogEntry.Kind.WATERMARK, null, "", target, LogLayout.string(meta), 0, location);
            }
            case LogLayout.COMMIT -> mark(LogEntry.Kind.COMMIT, meta, location);
            case LogLayout.GROUP_COMMIT -> mark(LogEntry.Kind.GROUP_COMMIT, meta, location);
            case LogLayout.ABORT -> mark(LogEntry.Kind.ABORT, meta, location);
            default -> throw new IllegalStateException("record kind " + kind + " has no entry");
        };
    }

    private LogEntry mark(LogEntry.Kind markKind, ByteBuffer meta, LogEntry.Location location) {
        return new LogEntry(lsn, markKind, null, "", LogLayout.lsns(meta), "", 0, location);
    }

    /** Whether the record is internal to the log. */
    boolean isInternal() {
        return kind == LogLayout.CARRIED || kind == LogLayout.CARRY_END;
    }

    /** Reads the file again from the next record on: it has grown since. */
    void forgetWindow() {
        window.limit(0);
    }

    /** Makes the window hold a range of the file. @return false if the file ends before */
    private boolean load(long at, int bytes) throws DiskException {
        if (at >= windowStart && at + bytes <= windowStart + window.limit()) {
            return true;
        }
        if (bytes > window.capacity()) {
            window = ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
        }
        window.clear();
        // If the read fails, the window holds nothing.
        windowStart = Long.MAX_VALUE;
        int read = file.read(window, at);
        window.position(0).limit(read);
        windowStart = at;
        return read >= bytes;
    }
}
