package io.ltxfs.node.replication;

import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionLog.PageVisitor;
import io.ltxfs.database.receive.PageSource;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.LtxSummary;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.ltx.PageCoding;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/** Transactions as LTX files, both ways. */
final class LtxForm {
    private LtxForm() {}

    /**
     * The header of a transaction's file. One whose place in a history cannot be said in LTX (no checksum before it, though
     * it is not the first) has a file without database checksums: they come with the transaction's own header.
     */
    static LtxHeader header(TransactionHeader header) {
        long txid = header.txid();
        if (txid == 1 && header.image() == TransactionHeader.Image.FULL) {
            return LtxHeader.snapshot(header.pageSize(), header.commit(), txid, header.timeMillis());
        }
        if (txid == 1 || (header.preChecksum() & PageChecksum.FLAG) == 0) {
            return pagesOnly(header);
        }
        return LtxHeader.delta(
                header.pageSize(), header.commit(), txid, txid, header.timeMillis(), header.preChecksum());
    }

    /** The header of a file that only carries pages; its TXID 2 means nothing: TXID 1 would ask for all of them. */
    static LtxHeader pagesOnly(TransactionHeader header) {
        return LtxHeader.delta(header.pageSize(), header.commit(), 2, 2, header.timeMillis(), 0)
                .withoutChecksums();
    }

    /** Writes a file. */
    static void write(TransactionHeader header, PageSource pages, OutputStream out) throws IOException {
        LtxHeader ltx = header(header);
        LtxWriter writer = new LtxWriter(out, ltx, PageCoding.BLOCK);
        try {
            pages.visit((pgno, checksum, page) -> {
                try {
                    writer.writePage(pgno, page, page.position());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        writer.finish(ltx.hasChecksums() ? header.postChecksum() : 0);
    }

    /** Where the bytes of a file come from. */
    @FunctionalInterface
    interface Bytes {
        InputStream open() throws IOException;
    }

    /** The pages of a transaction whose file has come; each visit reads and verifies it whole. */
    static PageSource pages(TransactionHeader header, int pages, Bytes bytes) {
        return visitor -> {
            if (pages == 0) {
                return;
            }
            try (LtxReader reader = LtxReader.open(bytes.open())) {
                if (!reader.header().equals(header(header))) {
                    throw new IOException(String.format(
                            "%s: the LTX file of transaction %016x is another one's, it says %s",
                            header.database(), header.txid(), reader.header()));
                }
                visit(reader, visitor);
                LtxSummary summary = reader.finish();
                boolean whole = summary.pages() == Integer.toUnsignedLong(pages);
                long post = summary.trailer().postApplyChecksum();
                if (!whole || (reader.header().hasChecksums() && post != header.postChecksum())) {
                    throw new IOException(String.format(
                            "%s: the LTX file of transaction %016x has %d pages and checksum %016x, its header says %d"
                                    + " and %016x",
                            header.database(),
                            header.txid(),
                            summary.pages(),
                            post,
                            Integer.toUnsignedLong(pages),
                            header.postChecksum()));
                }
            }
        };
    }

    private static void visit(LtxReader reader, PageVisitor visitor) throws IOException {
        int pageSize = reader.header().pageSize();
        byte[] page = new byte[pageSize];
        ByteBuffer buffer = ByteBuffer.wrap(page);
        for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
            visitor.page(pgno, 0, buffer.clear());
        }
    }
}
