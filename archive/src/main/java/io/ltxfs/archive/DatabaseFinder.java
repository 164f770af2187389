package io.ltxfs.archive;

import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Finds the databases of an archive by walking its places, one request each; objects are never listed. A place is a
 * database's if a level, bundles, earlier lineages or a record lie in it. In a store behind a network several places are
 * looked at at once.
 */
final class DatabaseFinder {
    private static final int THREADS = 16;

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
        DatabaseFinder finder = new DatabaseFinder(store, layout);
        if (store.isLocal()) {
            return finder.walk(Runnable::run);
        }
        AtomicInteger number = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "archive-list-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        try {
            return finder.walk(threads);
        } finally {
            threads.shutdownNow();
        }
    }

    private List<String> walk(Executor threads) throws IOException {
        TreeSet<String> found = new TreeSet<>();
        List<String> prefixes = List.of("");
        while (!prefixes.isEmpty()) {
            List<FutureTask<Place>> looks = new ArrayList<>();
            for (String prefix : prefixes) {
                looks.add(new FutureTask<>(() -> look(prefix)));
            }
            looks.forEach(threads::execute);
            List<String> next = new ArrayList<>();
            for (int i = 0; i < looks.size(); i++) {
                Place place = result(looks.get(i));
                String prefix = prefixes.get(i);
                if (place.isDatabase() && !prefix.isEmpty()) {
                    found.add(PlaceName.database(prefix.substring(0, prefix.length() - 1)));
                }
                place.below().forEach(name -> next.add(prefix + name + "/"));
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

    private static Place result(Future<Place> look) throws IOException {
        try {
            return look.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while looking for databases");
        }
    }
}
