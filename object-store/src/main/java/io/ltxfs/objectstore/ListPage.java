package io.ltxfs.objectstore;

import java.util.List;

/**
 * Some objects in ascending order of key.
 *
 * @param objects without their metadata
 * @param more whether there are greater keys: list again, starting after the last one
 */
public record ListPage(List<ObjectInfo> objects, boolean more) {
    /** Copies the list. */
    public ListPage {
        objects = List.copyOf(objects);
    }
}
