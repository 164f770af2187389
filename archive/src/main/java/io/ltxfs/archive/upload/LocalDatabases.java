package io.ltxfs.archive.upload;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.ImageSink;
import java.io.IOException;
import java.util.Collection;

/** What the archive asks of the node's databases. For use by many threads at once. */
public interface LocalDatabases {

    /** The databases there are now. */
    Collection<String> names();

    /** The last transaction of a database; 0 if there is none, or no such database. */
    long txid(String database);

    /**
     * Writes a database as it is after its last transaction, which is durable in the log then.
     *
     * @throws io.ltxfs.database.NotAvailableException if there is no such database now
     */
    void image(String database, ImageSink sink) throws IOException;

    /**
     * Makes everything durable that has been committed until now: before that it is not given to the archive. Blocks on
     * the disk.
     */
    void flush() throws IOException;

    /** The databases of a set. */
    static LocalDatabases of(DatabaseSet set) {
        return new LocalDatabases() {
            @Override
            public Collection<String> names() {
                return set.all().stream().map(Database::name).toList();
            }

            @Override
            public long txid(String database) {
                return set.find(database).map(found -> found.position().txid()).orElse(0L);
            }

            @Override
            public void image(String database, ImageSink sink) throws IOException {
                set.image(database, sink);
            }

            @Override
            public void flush() throws IOException {
                set.flush();
            }
        };
    }
}
