package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;

/** A database's file was overwritten with something that has no whole pages and no SQLite header. */
final class NotADatabaseException extends DiskException {
    NotADatabaseException(String name) {
        super(Errno.EIO, name + ": no SQLite header and no journal that names a page size: not a database");
    }
}
