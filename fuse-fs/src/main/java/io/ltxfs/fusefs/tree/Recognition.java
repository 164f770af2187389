package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileStat;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.fusefs.FileAttributes;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes a database of a plain file, at the moment when it shows that it is one. */
final class Recognition {
    private static final Logger LOG = LoggerFactory.getLogger(Recognition.class);

    private final DatabaseSet databases;
    private final Mirror mirror;
    private final DatabaseEvents events;
    private final ReplicaRules rules;
    private final FileAttributes shown;
    private final Orphans orphans;

    Recognition(
            DatabaseSet databases,
            Mirror mirror,
            DatabaseEvents events,
            ReplicaRules rules,
            FileAttributes shown,
            Orphans orphans) {
        this.databases = databases;
        this.mirror = mirror;
        this.events = events;
        this.rules = rules;
        this.shown = shown;
        this.orphans = orphans;
    }

    /**
     * The database that a file is, registered by this call if it was plain. Its open handles go on as handles of the
     * database. The caller holds the lock of paths shared, and not the file's lock shared.
     *
     * @throws TreeException with EACCES if it would become one on a replica, EINVAL if it is a file beside a database, ESTALE if it has no name
     */
    Database database(RegularFile file) throws IOException {
        file.lock().writeLock().lock();
        try {
            if (file.content() instanceof Content.Sqlite sqlite) {
                if (sqlite.role() != Role.DATABASE || sqlite.database() == null) {
                    throw new TreeException(Errno.EINVAL, "not a database: " + file.path());
                }
                return sqlite.database();
            }
            return register(file, ((Content.Plain) file.content()).fd());
        } finally {
            file.lock().writeLock().unlock();
        }
    }

    private Database register(RegularFile file, int fd) throws IOException {
        String path = file.path();
        FileStat stat = fd == Content.Plain.CLOSED ? mirror.stat(path) : Posix.fstat(fd);
        Attributes attributes = Attributes.of(stat);
        Database database = findOrRegister(path, attributes);
        attributes.show(shown);
        file.content(new Content.Sqlite(database, database.file(), Role.DATABASE, attributes));
        boolean written = false;
        for (OpenFile open : file.opensLocked()) {
            database.file().opened(open.handle());
            written |= open.handle().writable() && !open.handle().own();
        }
        if (fd != Content.Plain.CLOSED) {
            Posix.close(fd);
        }
        if (written) {
            events.opened(database);
        }
        Inode.Place place = file.place();
        if (place != null) {
            orphans.drop(place.parent(), place.name());
        }
        LOG.info("registered database={} bytes={}", path, stat.size());
        return database;
    }

    private Database findOrRegister(String path, Attributes attributes) throws IOException {
        Optional<Database> known = databases.find(path);
        if (known.isEmpty() && rules.isReplica()) {
            throw new TreeException(Errno.EACCES, "make the database " + path + " on a replica");
        }
        return known.isPresent()
                ? known.get()
                : databases.register(path, attributes.uid(), attributes.gid(), attributes.permissions());
    }
}
