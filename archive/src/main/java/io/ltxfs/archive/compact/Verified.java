package io.ltxfs.archive.compact;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Objects that were read back whole and found right by this process. Objects are created once, so their keys say it all.
 * The oldest are forgotten first; what is forgotten is read again. For use by many threads at once.
 */
public final class Verified {
    private static final int KEYS_MAX = 50_000;

    private final Set<String> keys;

    /** Nothing is verified. */
    public Verified() {
        this.keys = Collections.synchronizedSet(Collections.newSetFromMap(new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                return size() > KEYS_MAX;
            }
        }));
    }

    boolean contains(String key) {
        return keys.contains(key);
    }

    void add(String key) {
        keys.add(key);
    }
}
