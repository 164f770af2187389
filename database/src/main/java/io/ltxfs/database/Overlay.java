package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.ltx.PageChecksum;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What a running transaction has written over a database file, held apart from it (rule R2), in blocks of one size; the
 * rest is read through to the committed file below. A block is the page size when the transaction began; SQLite may
 * write other units (a VACUUM that changes the page size: C7), so partial blocks are completed from below. Not
 * thread-safe: the database's lock owns it.
 */
final class Overlay {
    /** The committed file below. */
    interface Below {
        /** Fills the buffer from the offset on, with zeros past the end. */
        void readFully(long offset, ByteBuffer target) throws DiskException;
    }

    private final Below below;
    private final SlotStore slots;
    private final int blockSize;
    private final BlockMap map = new BlockMap();
    private final ByteBuffer scratch;
    private long[] checksums = new long[8];
    private long size;
    /** Bytes of the file below from here on are cut off: a truncate went below them. */
    private long belowLimit;

    /** @param size the length that the file has at the start */
    Overlay(Below below, SlotStore slots, long size) {
        this.below = below;
        this.slots = slots;
        this.blockSize = slots.slotSize();
        this.size = size;
        this.belowLimit = size;
        this.scratch = ByteBuffer.allocate(blockSize);
    }

    /**
     * The pages of a transaction as a whole over the file that it changes.
     *
     * @param fileSize of the file below
     * @param size that the file has with it
     */
    static Overlay of(Below below, SlotPages pages, long fileSize, long size) {
        Overlay overlay = new Overlay(below, pages.store(), size);
        overlay.belowLimit = Math.min(fileSize, size);
        overlay.checksums = new long[Math.max(8, pages.store().count())];
        for (int i = 0; i < pages.count(); i++) {
            overlay.map.put(Integer.toUnsignedLong(pages.pgno(i)) - 1, pages.slot(i));
            overlay.checksums[pages.slot(i)] = pages.checksum(i);
        }
        return overlay;
    }

    long size() {
        return size;
    }

    int blockSize() {
        return blockSize;
    }

    SlotStore slots() {
        return slots;
    }

    /** Whether nothing was written (a truncate may have changed the size). */
    boolean isEmpty() {
        return map.size() == 0;
    }

    /** The blocks that were written, ascending. */
    long[] blocks() {
        return map.sortedKeys();
    }

    /** The slot of a block, or -1 if it was not written. */
    int slot(long block) {
        return map.get(block);
    }

    /**
     * The LTX checksum of a written block as page {@code block + 1}, computed when it arrived; only where the block size
     * is the page size.
     */
    long checksum(int slot) {
        return checksums[slot];
    }

    void write(long offset, ByteBuffer source) throws DiskException {
        long end = offset + source.remaining();
        if (offset > size) {
            // A hole: what a reader gets there is zeros, whatever the file below still holds.
            belowLimit = Math.min(belowLimit, size);
        }
        size = Math.max(size, end);
        while (source.hasRemaining()) {
            long block = offset / blockSize;
            int within = (int) (offset % blockSize);
            int part = Math.min(source.remaining(), blockSize - within);
            int limit = source.limit();
            if (part == blockSize) {
                source.limit(source.position() + part);
                put(block, source);
                source.limit(limit);
            } else {
                scratch.clear();
                readBlock(block, scratch);
                scratch.clear().position(within);
                source.limit(source.position() + part);
                scratch.put(source);
                source.limit(limit);
                scratch.clear();
                put(block, scratch);
            }
            offset += part;
        }
    }

    void truncate(long newSize) throws DiskException {
        if (newSize < size) {
            belowLimit = Math.min(belowLimit, newSize);
            long firstGone = (newSize + blockSize - 1) / blockSize;
            map.removeFrom(firstGone);
            int within = (int) (newSize % blockSize);
            int slot = within == 0 ? -1 : map.get(newSize / blockSize);
            if (slot >= 0) {
                scratch.clear();
                slots.read(slot, 0, scratch, blockSize);
                Arrays.fill(scratch.array(), within, blockSize, (byte) 0);
                scratch.clear();
                put(newSize / blockSize, scratch);
            }
        }
        size = newSize;
    }

    /** Fills the buffer as the file reads with this overlay; zeros past the end. */
    void readFully(long offset, ByteBuffer target) throws DiskException {
        while (target.hasRemaining()) {
            long block = offset / blockSize;
            int within = (int) (offset % blockSize);
            int part = Math.min(target.remaining(), blockSize - within);
            int slot = map.get(block);
            if (slot >= 0) {
                slots.read(slot, within, target, part);
            } else {
                readBelow(offset, target, part);
            }
            offset += part;
        }
    }

    /** Gives the slots back. */
    void close() {
        slots.close();
        map.clear();
    }

    private void readBlock(long block, ByteBuffer target) throws DiskException {
        int slot = map.get(block);
        if (slot >= 0) {
            slots.read(slot, 0, target, blockSize);
        } else {
            readBelow(block * blockSize, target, blockSize);
        }
    }

    private void readBelow(long offset, ByteBuffer target, int length) throws DiskException {
        int limit = target.limit();
        int end = target.position() + length;
        int there = (int) Math.max(0, Math.min(length, belowLimit - offset));
        if (there > 0) {
            target.limit(target.position() + there);
            below.readFully(offset, target);
            target.limit(limit);
        }
        while (target.position() < end) {
            target.put((byte) 0);
        }
    }

    private void put(long block, ByteBuffer content) throws DiskException {
        long checksum = PageChecksum.of((int) (block + 1), content, content.position(), blockSize);
        int slot = map.get(block);
        if (slot >= 0) {
            slots.store(slot, content);
        } else {
            slot = slots.add(content);
            map.put(block, slot);
        }
        if (slot >= checksums.length) {
            checksums = Arrays.copyOf(checksums, checksums.length * 2);
        }
        checksums[slot] = checksum;
    }
}
