package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;

final class SegmentedLog {
    private SegmentedLog() {}

    static TransactionLog open(Disk disk, LogOptions options) throws DiskException {
        throw new UnsupportedOperationException();
    }
}
