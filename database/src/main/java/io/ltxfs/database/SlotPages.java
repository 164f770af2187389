package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.PageSet;
import io.ltxfs.database.log.Stage;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The pages of a WAL transaction: a slot for each, sorted by page number. */
record SlotPages(SlotStore store, int[] pgnos, long[] checksums, int[] slots) implements PageSet {
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
