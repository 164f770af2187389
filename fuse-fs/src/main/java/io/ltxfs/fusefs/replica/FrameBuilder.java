package io.ltxfs.fusefs.replica;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.sqlite.WalLayout;
import java.nio.ByteBuffer;

/**
 * Makes a WAL's frames of a transaction's pages (rules E4, E5), and gives them away in pieces as large as a buffer. Works
 * on a copy of the WAL's state, which is the state after the transaction when all frames are stored.
 */
final class FrameBuilder {

    /** Takes what is between the buffer's position and limit; the buffer is empty when it returns. */
    interface Sink {
        void write(ByteBuffer frames, long offset) throws DiskException;
    }

    private final WalState state;
    private final int pageSize;
    private final int count;
    private final int commit;
    private final ByteBuffer buffer;
    private final Sink sink;
    private final byte[] frame;
    private long offset;
    private int frames;
    private int number;
    private long checksum;

    /**
     * @param count how many pages will come
     * @param commit size of the database after the transaction, in pages
     * @param buffer direct; a frame and the WAL's header fit in
     */
    FrameBuilder(WalState state, int count, int commit, ByteBuffer buffer, Sink sink) {
        this.state = state;
        this.pageSize = state.pageSize;
        this.count = count;
        this.commit = commit;
        this.buffer = buffer.clear();
        this.sink = sink;
        frame = new byte[WalLayout.FRAME_HEADER_SIZE + pageSize];
        number = state.mxFrame;
        checksum = state.checksum;
        offset = WalLayout.frameOffset(number + 1, pageSize);
        if (number == 0) {
            offset = 0;
            header();
        }
    }

    /** A new WAL's header, with the salts that the wal-index has for it. */
    private void header() {
        byte[] bytes = new byte[WalLayout.HEADER_SIZE];
        ByteBuffer header = ByteBuffer.wrap(bytes);
        header.putInt(WalLayout.HEADER_MAGIC, WalLayout.MAGIC | (state.bigEndian ? 1 : 0));
        header.putInt(WalLayout.HEADER_MAGIC + Integer.BYTES, WalLayout.FORMAT);
        header.putInt(WalLayout.HEADER_PAGE_SIZE, pageSize);
        header.putInt(WalLayout.HEADER_CHECKPOINT_SEQUENCE, state.checkpointSequence);
        header.putInt(WalLayout.HEADER_SALT, state.salt1);
        header.putInt(WalLayout.HEADER_SALT + Integer.BYTES, state.salt2);
        checksum = WalLayout.checksum(0, state.bigEndian, bytes, 0, WalLayout.HEADER_CHECKSUM);
        header.putLong(WalLayout.HEADER_CHECKSUM, checksum);
        buffer.put(bytes);
    }

    void page(int pgno, ByteBuffer page) throws DiskException {
        if (buffer.remaining() < frame.length) {
            drain();
        }
        ByteBuffer view = ByteBuffer.wrap(frame);
        view.putInt(WalLayout.FRAME_PGNO, pgno);
        view.putInt(WalLayout.FRAME_COMMIT, ++frames == count ? commit : 0);
        view.putInt(WalLayout.FRAME_SALT, state.salt1);
        view.putInt(WalLayout.FRAME_SALT + Integer.BYTES, state.salt2);
        page.get(page.position(), frame, WalLayout.FRAME_HEADER_SIZE, pageSize);
        checksum = WalLayout.checksum(checksum, state.bigEndian, frame, 0, 8);
        checksum = WalLayout.checksum(checksum, state.bigEndian, frame, WalLayout.FRAME_HEADER_SIZE, pageSize);
        view.putLong(WalLayout.FRAME_CHECKSUM, checksum);
        buffer.put(frame);
        state.page(++number, pgno);
    }

    private void drain() throws DiskException {
        buffer.flip();
        long at = offset;
        offset += buffer.remaining();
        sink.write(buffer, at);
        buffer.clear();
    }

    /** Whether every page has come. */
    boolean isComplete() {
        return frames == count;
    }

    /** What is not given away yet, ready to be written at {@link #offset}. */
    ByteBuffer rest() {
        return buffer.flip();
    }

    long offset() {
        return offset;
    }

    /** All frames are stored: the state is the one after them. */
    void stored() {
        state.mxFrame = number;
        state.checksum = checksum;
        state.shrank |= Integer.compareUnsigned(commit, state.databasePages) < 0;
        state.databasePages = commit;
    }
}
