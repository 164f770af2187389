package io.ltxfs.database.log;

import java.nio.ByteBuffer;
import java.util.Optional;

/** The page set of a drop, or of a transaction that changed only the size. */
enum EmptyPageSet implements PageSet {
    INSTANCE;

    @Override
    public int count() {
        return 0;
    }

    @Override
    public int pgno(int index) {
        throw new IndexOutOfBoundsException(index);
    }

    @Override
    public long checksum(int index) {
        throw new IndexOutOfBoundsException(index);
    }

    @Override
    public void copy(int index, ByteBuffer target) {
        throw new IndexOutOfBoundsException(index);
    }

    @Override
    public Optional<Stage> stage() {
        return Optional.empty();
    }

    @Override
    public int slot(int index) {
        throw new IndexOutOfBoundsException(index);
    }
}
