package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.PageSet;
import io.ltxfs.database.log.Stage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** The pages of a WAL transaction: a slot for each, sorted by page number. */
record SlotPages(SlotStore store, int[] pgnos, long[] checksums, int[] slots) implements PageSet {
    /** With one page more, at the end, whatever its number. */
    SlotPages with(int pgno, long checksum, ByteBuffer page) throws DiskException {
        int count = pgnos.length;
        int[] morePgnos = Arrays.copyOf(pgnos, count + 1);
        long[] moreChecksums = Arrays.copyOf(checksums, count + 1);
        int[] moreSlots = Arrays.copyOf(slots, count + 1);
        morePgnos[count] = pgno;
        moreChecksums[count] = checksum;
        moreSlots[count] = store.add(page);
        return new SlotPages(store, morePgnos, moreChecksums, moreSlots);
    }

    @Override
    public int count() {
        return pgnos.length;
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
        store.read(slots[index], 0, target, store.slotSize());
    }

    @Override
    public Optional<Stage> stage() {
        return pgnos.length == 0 ? Optional.empty() : store.stage();
    }

    @Override
    public int slot(int index) {
        return slots[index];
    }
}
