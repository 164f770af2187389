package io.ltxfs.archive;

import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Finds the databases of an archive by walking its places, one request each; objects are never listed. A place is a
 * database's if a level, bundles, earlier lineages or a record lie in it.
 */
final class DatabaseFinder {
    /** What was found at one place. */
    private record Place(boolean isDatabase, List<String> below) {}

    private final ObjectStore store;
    private final Set<String> ours;

    private DatabaseFinder(ObjectStore store, ArchiveLayout layout) {
        this.store = store;
        this.ours = IntStream.rangeClosed(0, ArchiveLayout.SNAPSHOT_LEVEL)
                .mapToObj(layout::levelPrefix)
                .map(prefix -> prefix.substring(0, prefix.indexOf('/')))
                .collect(Collectors.toCollection(TreeSet::new));
        ours.add("bundles");
        ours.add("lineages");
    }

    static List<String> find(ObjectStore store, ArchiveLayout layout) throws IOException {
        try (Parallel parallel = new Parallel(store, "archive-list")) {
            return new DatabaseFinder(store, layout).walk(parallel);
        }
    }

    private List<String> walk(Parallel parallel) throws IOException {
        TreeSet<String> found = new TreeSet<>();
        List<String> prefixes = List.of("");
        while (!prefixes.isEmpty()) {
            List<Place> places = parallel.all(prefixes, this::look);
            List<String> next = new ArrayList<>();
            for (int i = 0; i < places.size(); i++) {
                String prefix = prefixes.get(i);
                if (places.get(i).isDatabase() && !prefix.isEmpty()) {
                    found.add(PlaceName.database(prefix.substring(0, prefix.length() - 1)));
                }
                places.get(i).below().forEach(name -> next.add(prefix + name + "/"));
            }
            prefixes = next;
        }
        return List.copyOf(found);
    }

    private Place look(String prefix) throws IOException {
        List<String> children = store.children(prefix);
        List<String> below = new ArrayList<>();
        boolean isDatabase = false;
        for (String child : children) {
            if (ours.contains(child)) {
                isDatabase = true;
            } else if (!child.equals("generations")) {
                below.add(child);
            }
        }
        // A database that was claimed and has no transaction yet.
        if (children.isEmpty() && !prefix.isEmpty()) {
            isDatabase = exists(prefix + "ltxfs.json");
        }
        return new Place(isDatabase, below);
    }

    private boolean exists(String key) throws IOException {
        try {
            store.head(key);
            return true;
        } catch (StoreException e) {
            if (e.kind() == StoreException.Kind.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }
}
