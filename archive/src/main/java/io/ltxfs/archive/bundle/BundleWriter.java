package io.ltxfs.archive.bundle;

import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.LtxSummary;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.ltx.PageCoding;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Writes a bundle from front to back. For each transaction either {@link #begin}, pages, {@link LtxWriter#finish}, and
 * {@link #end}, or {@link #copy}; at last {@link #finish}. Until then the output holds nothing that a reader accepts.
 * The output is neither synced nor closed. Not for use by several threads at once.
 */
public final class BundleWriter {
    /** How many transactions a bundle may have: its table is held in memory. */
    public static final int TRANSACTIONS_MAX = 1_000_000;

    private final OutputStream out;
    private final ByteArrayOutputStream table = new ByteArrayOutputStream();
    private final CRC32C crc = new CRC32C();
    private int count;
    private long size;
    private long lastTxid;
    private long lastChecksum;
    private boolean open;

    /** A bundle that is written to a stream, which should be buffered. */
    public BundleWriter(OutputStream out) {
        this.out = out;
    }

    /**
     * Begins the next transaction.
     *
     * @param header of one TXID, the one after the last, with database checksums
     */
    public LtxWriter begin(LtxHeader header) throws IOException {
        expect(!open, "a transaction is begun");
        check(header);
        open = true;
        crc.reset();
        return new LtxWriter(new File(), header, PageCoding.BLOCK);
    }

    /**
     * Ends a transaction.
     *
     * @param summary what {@link LtxWriter#finish} gave
     */
    public void end(LtxSummary summary) throws IOException {
        expect(open, "no transaction is begun");
        open = false;
        add(summary);
    }

    /** Takes the next transaction from an LTX file, to the stream's end, and verifies it on the way. */
    public void copy(InputStream ltx) throws IOException {
        expect(!open, "a transaction is begun");
        crc.reset();
        LtxReader reader = LtxReader.open(new Tee(ltx, new File()));
        check(reader.header());
        add(reader.drain());
    }

    /** How many transactions so far. */
    public int count() {
        return count;
    }

    /** Bytes so far. */
    public long size() {
        return size;
    }

    /** Writes the table and flushes. A bundle has at least one transaction. */
    public BundleTable finish() throws IOException {
        expect(!open && count > 0, "a bundle ends after a whole transaction");
        byte[] entries = table.toByteArray();
        byte[] footer = new byte[BundleLayout.FOOTER_SIZE];
        ByteBuffer buffer = ByteBuffer.wrap(footer);
        buffer.putLong(BundleLayout.TABLE_OFFSET, size);
        buffer.putInt(BundleLayout.COUNT, count);
        buffer.putInt(BundleLayout.VERSION_AT, BundleLayout.VERSION);
        buffer.putLong(BundleLayout.CHECKSUM, BundleLayout.checksum(ByteBuffer.wrap(entries), footer));
        buffer.putLong(BundleLayout.MAGIC_AT, BundleLayout.MAGIC);
        out.write(entries);
        out.write(footer);
        out.flush();
        size += entries.length + footer.length;
        open = true;
        return new BundleTable(ByteBuffer.wrap(entries));
    }

    private void check(LtxHeader header) {
        expect(count < TRANSACTIONS_MAX, "a bundle has at most " + TRANSACTIONS_MAX + " transactions");
        expect(
                header.minTxid() == header.maxTxid() && header.hasChecksums(),
                "a bundle holds single transactions with checksums");
        if (count > 0) {
            expect(header.minTxid() == lastTxid + 1, "the transactions of a bundle follow each other");
            expect(
                    header.preApplyChecksum() == lastChecksum,
                    "the checksum before a transaction is the one after the transaction before it");
        }
    }

    private void add(LtxSummary summary) {
        LtxHeader header = summary.header();
        ByteBuffer entry = ByteBuffer.allocate(BundleLayout.ENTRY_SIZE);
        entry.putLong(BundleLayout.TXID, header.minTxid());
        entry.putLong(BundleLayout.OFFSET, size);
        entry.putLong(BundleLayout.LENGTH, summary.size());
        entry.putLong(BundleLayout.TIMESTAMP, header.timestampMillis());
        entry.putInt(BundleLayout.PAGE_SIZE, header.pageSize());
        entry.putInt(BundleLayout.COMMIT, header.commit());
        entry.putInt(BundleLayout.PAGES, (int) summary.pages());
        entry.putInt(BundleLayout.FILE_CRC, (int) crc.getValue());
        entry.putLong(BundleLayout.PRE_CHECKSUM, header.preApplyChecksum());
        entry.putLong(BundleLayout.POST_CHECKSUM, summary.trailer().postApplyChecksum());
        table.writeBytes(entry.array());
        size += summary.size();
        lastTxid = header.maxTxid();
        lastChecksum = summary.trailer().postApplyChecksum();
        count++;
    }

    private static void expect(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalStateException(rule);
        }
    }

    /** One LTX file: passes everything on but the flush at its end, and takes its CRC. */
    private final class File extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            crc.update(b);
            out.write(b);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            crc.update(bytes, from, length);
            out.write(bytes, from, length);
        }
    }

    /** Writes out what is read. */
    private static final class Tee extends FilterInputStream {
        private final OutputStream out;

        Tee(InputStream in, OutputStream out) {
            super(in);
            this.out = out;
        }

        @Override
        public int read() throws IOException {
            int b = in.read();
            if (b >= 0) {
                out.write(b);
            }
            return b;
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            int read = in.read(bytes, from, length);
            if (read > 0) {
                out.write(bytes, from, read);
            }
            return read;
        }

        @Override
        public long skip(long n) {
            throw new UnsupportedOperationException();
        }
    }
}
