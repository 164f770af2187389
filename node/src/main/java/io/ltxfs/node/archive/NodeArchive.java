package io.ltxfs.node.archive;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.ObjectStores;
import io.ltxfs.objectstore.retry.RetryPolicy;
import io.ltxfs.objectstore.retry.RetryingStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** An open archive, with the places that the rules of {@code databases} give. For use by many threads at once. */
public final class NodeArchive implements AutoCloseable {
    private final LtxfsConfig config;
    private final Archive archive;

    private NodeArchive(LtxfsConfig config, Archive archive) {
        this.config = config;
        this.archive = archive;
    }

    /**
     * Opens the archive at a URL. Makes no request; those that are made are tried again when the store has a hiccup.
     *
     * @param config whose rules say where databases lie
     * @throws IllegalArgumentException if the URL is wrong
     */
    public static NodeArchive open(LtxfsConfig config, String url) {
        ObjectStore store = new RetryingStore(ObjectStores.open(url), RetryPolicy.BRIEF);
        return new NodeArchive(config, new Archive(store, ArchiveLayout.of(url)));
    }

    /** The archive itself. */
    public Archive archive() {
        return archive;
    }

    /** The archive of one database, whether there is anything in it or not. Makes no request. */
    public DatabaseArchive database(String name) {
        return archive.database(name, config.archivePlaceOf(name));
    }

    /** The names of the databases in it, ascending, as this configuration calls them. */
    public List<String> databases() throws IOException {
        List<String> names = new ArrayList<>();
        for (String name : archive.databases()) {
            config.databaseAtPlace(Archive.placeOf(name), name).ifPresent(names::add);
        }
        names.sort(null);
        return List.copyOf(names);
    }

    /** The store as people write it. */
    public String describe() {
        return archive.store().describe();
    }

    @Override
    public void close() {
        archive.close();
    }
}
