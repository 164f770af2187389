package io.ltxfs.archive.upload;

import io.ltxfs.ltx.LtxWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;

/** Takes the bytes of a database from its first to its last, and writes them as the pages of LTX files. */
final class ImageChannel implements WritableByteChannel {
    private final List<LtxWriter> writers;
    private final byte[] page;
    private final int lockPgno;
    private int filled;
    private int pgno = 1;

    /** For files of one page size. */
    ImageChannel(List<LtxWriter> writers) {
        this.writers = List.copyOf(writers);
        this.page = new byte[writers.get(0).header().pageSize()];
        this.lockPgno = writers.get(0).header().lockPgno();
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
        int count = bytes.remaining();
        while (bytes.hasRemaining()) {
            int length = Math.min(bytes.remaining(), page.length - filled);
            bytes.get(page, filled, length);
            filled += length;
            if (filled == page.length) {
                endPage();
            }
        }
        return count;
    }

    private void endPage() throws IOException {
        if (pgno != lockPgno) {
            for (LtxWriter writer : writers) {
                writer.writePage(pgno, page, 0);
            }
        }
        pgno++;
        filled = 0;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {}
}
