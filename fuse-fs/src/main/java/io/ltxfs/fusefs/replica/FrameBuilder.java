package io.ltxfs.fusefs.replica;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.sqlite.WalLayout;
import java.nio.ByteBuffer;

/**
 * Makes a WAL's frames of the pages of one or more transactions (rules E4, E5), and gives them away in pieces as large as a buffer. Works
 * on a copy of the WAL's state, which is the state after the transaction when all frames are stored.
 */
final class FrameBuilder {

    /** Takes what is between the buffer's position and limit; the buffer is empty when it returns. */
    interface Sink {
        void write(ByteBuffer frames, long offset) throws DiskException;
    }

    private final WalState state;
    private final int pageSize;
    private final ByteBuffer buffer;
    private final Sink sink;
    private final byte[] frame;
    private int count;
    private int commit;
    private long offset;
    private int frames;
    private int number;
    private long checksum;
    private int databasePages;
    private boolean shrank;
    private int begun;
    private int numberBefore;
    private long checksumBefore;

    /**
     * @param buffer direct; a frame and the WAL's header fit in
     */
    FrameBuilder(WalState state, ByteBuffer buffer, Sink sink) {
        this.state = state;
        this.pageSize = state.pageSize;
        this.buffer = buffer.clear();
        this.sink = sink;
        frame = new byte[WalLayout.FRAME_HEADER_SIZE + pageSize];
        databasePages = state.databasePages;
        number = state.mxFrame;
        checksum = state.checksum;
        offset = WalLayout.frameOffset(number + 1, pageSize);
        if (number == 0) {
            offset = 0;
            header();
        }
    }

    /**
     * A transaction begins; the one before is complete.
     *
     * @param pages how many pages will come
     * @param size of the database after it, in pages
     */
    void begin(int pages, int size) {
        end();
        count = pages;
        commit = size;
        frames = 0;
        begun = buffer.position();
        numberBefore = number;
        checksumBefore = checksum;
    }

    private void end() {
        if (commit != 0) {
            shrank |= Integer.compareUnsigned(commit, databasePages) < 0;
            databasePages = commit;
            commit = 0;
        }
    }

    /** Whether a transaction fits in what is left of the buffer. */
    boolean hasRoomFor(int pages) {
        return (long) pages * frame.length <= buffer.remaining();
    }

    /** The transaction that was begun is left out; nothing of it was given away. */
    void leaveOut() {
        buffer.position(begun);
        number = numberBefore;
        checksum = checksumBefore;
        commit = 0;
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
        end();
        state.mxFrame = number;
        state.checksum = checksum;
        state.shrank |= shrank;
        state.databasePages = databasePages;
    }
}
