package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.ltx.PageChecksum;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads page tables and pages of records, in pieces, and verifies every page. Stateless. */
final class PageReader {
    private static final int PIECE_BYTES = 256 * 1024;

    /** Receives a page table. */
    @FunctionalInterface
    interface TableVisitor {
        void page(int index, int pgno, int slot, long checksum) throws DiskException;
    }

    /** A page was read, and is not what was written. */
    static final class BadPageException extends DiskException {
        private static final long serialVersionUID = 1L;

        BadPageException(String message) {
            super(Errno.EIO, message);
        }
    }

    private final Disk disk;

    PageReader(Disk disk) {
        this.disk = disk;
    }

    /** Visits the table of the record that a reader stands at. */
    static void table(DiskFile file, RecordReader record, TableVisitor visitor) throws DiskException {
        int count = record.pageCount();
        int pieceEntries = Math.min(count, PIECE_BYTES / LogLayout.TABLE_ENTRY_BYTES);
        ByteBuffer piece =
                ByteBuffer.allocate(pieceEntries * LogLayout.TABLE_ENTRY_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int first = 0; first < count; first += pieceEntries) {
            int entries = Math.min(pieceEntries, count - first);
            piece.clear().limit(entries * LogLayout.TABLE_ENTRY_BYTES);
            readFully(file, piece, record.tableOffset() + (long) first * LogLayout.TABLE_ENTRY_BYTES, record);
            for (int i = 0; i < entries; i++) {
                int at = i * LogLayout.TABLE_ENTRY_BYTES;
                visitor.page(
                        first + i,
                        piece.getInt(at),
                        piece.getInt(at + LogLayout.TABLE_SLOT_AT),
                        piece.getLong(at + LogLayout.TABLE_CHECKSUM_AT));
            }
        }
    }

    /** Visits the pages of the record that a reader stands at; the visitor must not use the reader. */
    void pages(DiskFile file, RecordReader record, TransactionLog.PageVisitor visitor) throws DiskException {
        if (record.pageCount() == 0) {
            return;
        }
        if (record.staged()) {
            try (DiskFile stage = disk.open(LogFiles.stage(record.stage()), Disk.Mode.READ)) {
                new Pages(stage, 0, record, visitor).visit(file);
            }
        } else {
            new Pages(file, record.dataOffset(), record, visitor).visit(file);
        }
    }

    /** One run over the pages of a record; neighbours are read together. */
    private static final class Pages implements TableVisitor {
        private final DiskFile data;
        private final long base;
        private final RecordReader record;
        private final TransactionLog.PageVisitor visitor;
        private final int pageSize;
        private final ByteBuffer piece;
        private long pieceStart;

        Pages(DiskFile data, long base, RecordReader record, TransactionLog.PageVisitor visitor) {
            this.data = data;
            this.base = base;
            this.record = record;
            this.visitor = visitor;
            this.pageSize = record.pageSize();
            // Slots of a stage are in the order in which the pages came, so that reading ahead would be of little use.
            long bytes = record.staged() ? pageSize : (long) record.pageCount() * pageSize;
            // In the heap: this is made for each transaction, and direct memory would wait for a full collection.
            this.piece = ByteBuffer.allocate((int) Math.min(bytes, Math.max(PIECE_BYTES, pageSize)));
            piece.limit(0);
        }

        void visit(DiskFile file) throws DiskException {
            table(file, record, this);
        }

        @Override
        public void page(int index, int pgno, int slot, long checksum) throws DiskException {
            long offset = base + (long) slot * pageSize;
            if (offset < pieceStart || offset + pageSize > pieceStart + piece.limit()) {
                piece.clear();
                int read = data.read(piece, offset);
                piece.position(0).limit(read);
                pieceStart = offset;
            }
            int at = (int) (offset - pieceStart);
            if (at + pageSize > piece.limit() || PageChecksum.of(pgno, piece, at, pageSize) != checksum) {
                throw new BadPageException(
                        "page " + Integer.toUnsignedString(pgno) + " of the log record " + record.lsn() + " at offset "
                                + offset + (record.staged() ? " of stage " + record.stage() : "")
                                + " does not have its checksum: the disk has not kept what was written");
            }
            visitor.page(pgno, checksum, piece.slice(at, pageSize));
        }
    }

    private static void readFully(DiskFile file, ByteBuffer target, long offset, RecordReader record)
            throws DiskException {
        if (file.read(target, offset) < target.limit()) {
            throw new DiskException(
                    Errno.EIO,
                    "the page table of the log record " + record.lsn() + " at offset " + offset + " is cut off");
        }
    }
}
