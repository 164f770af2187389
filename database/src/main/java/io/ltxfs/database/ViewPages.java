package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.PageSet;
import io.ltxfs.database.log.Stage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** The pages of a transaction as they are read through its overlay, at the page size after it. */
final class ViewPages implements PageSet {
    private final Overlay overlay;
    private final int pageSize;
    private int[] pgnos = new int[16];
    private long[] checksums = new long[16];
    private int count;
    private boolean allInSlots = true;

    ViewPages(Overlay overlay, int pageSize) {
        this.overlay = overlay;
        this.pageSize = pageSize;
    }

    void add(int pgno, long checksum) {
        if (count == pgnos.length) {
            pgnos = Arrays.copyOf(pgnos, count * 2);
            checksums = Arrays.copyOf(checksums, count * 2);
        }
        pgnos[count] = pgno;
        checksums[count] = checksum;
        count++;
        allInSlots &= overlay.blockSize() == pageSize && overlay.slot(block(pgno)) >= 0;
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public int pgno(int index) {
        return pgnos[index];
    }

    @Override
    public long checksum(int index) {
        return checksums[index];
    }

    @Override
    public void copy(int index, ByteBuffer target) throws DiskException {
        int limit = target.limit();
        target.limit(target.position() + pageSize);
        overlay.readFully(block(pgnos[index]) * pageSize, target);
        target.limit(limit);
    }

    @Override
    public Optional<Stage> stage() {
        return allInSlots && count > 0 ? overlay.slots().stage() : Optional.empty();
    }

    @Override
    public int slot(int index) {
        return overlay.slot(block(pgnos[index]));
    }

    private static long block(int pgno) {
        return Integer.toUnsignedLong(pgno) - 1;
    }
}
