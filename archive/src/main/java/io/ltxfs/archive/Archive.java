package io.ltxfs.archive;

import io.ltxfs.objectstore.ObjectStore;
import java.io.IOException;
import java.util.List;

/**
 * An archive: a store, and how databases lie in it. A database {@code a/b.db} has its place below
 * {@code a/b.db/}, in which only the levels, {@code bundles/}, {@code lineages/} and {@code ltxfs.json} are ours.
 */
public final class Archive implements AutoCloseable {
    private final ObjectStore store;
    private final ArchiveLayout layout;

    /** An archive in a store, which it closes. */
    public Archive(ObjectStore store, ArchiveLayout layout) {
        this.store = store;
        this.layout = layout;
    }

    /** The store. */
    public ObjectStore store() {
        return store;
    }

    /** How objects are named. */
    public ArchiveLayout layout() {
        return layout;
    }

    /** The archive of one database, whether there is anything in it or not. Makes no request. */
    public DatabaseArchive database(String name) {
        return new DatabaseArchive(this, name, PlaceName.of(name));
    }

    /**
     * The archive of one database that lies at a place of its own ({@code archive.path}).
     *
     * @param place below the store's place, without {@code /} at its ends
     */
    public DatabaseArchive database(String name, String place) {
        return new DatabaseArchive(this, name, place);
    }

    /** Where a database lies below the store's place unless it is told otherwise: its name, as a store can hold it. */
    public static String placeOf(String database) {
        return PlaceName.of(database);
    }

    /** The names of all databases in it, ascending, by as few requests as the store allows. */
    public List<String> databases() throws IOException {
        return DatabaseFinder.find(store, layout);
    }

    @Override
    public void close() {
        store.close();
    }
}
