package io.ltxfs.database;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/** What is looked at now and then until it is over. Added to by any thread, looked at by one. */
final class Watched<T> {
    private final Set<T> all = ConcurrentHashMap.newKeySet();

    void add(T what) {
        all.add(what);
    }

    /** Looks at each once. It is taken out before: what begins anew meanwhile is there again. */
    void look(Predicate<T> isOver) {
        for (T what : all) {
            all.remove(what);
            boolean over = false;
            try {
                over = isOver.test(what);
            } finally {
                if (!over) {
                    all.add(what);
                }
            }
        }
    }
}
