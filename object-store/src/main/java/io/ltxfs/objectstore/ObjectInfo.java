package io.ltxfs.objectstore;

import java.time.Instant;
import java.util.Map;

/**
 * What an object is.
 *
 * @param key its key
 * @param size in bytes
 * @param modified when it was put, as the store says; for an object of a directory see {@link PutOptions#modified}
 * @param etag its ETag without quotes; empty in a list whose store does not tell it there
 * @param metadata its own metadata, keys in lower case; empty in a list
 */
public record ObjectInfo(String key, long size, Instant modified, String etag, Map<String, String> metadata) {
    /** Copies the map. */
    public ObjectInfo {
        metadata = Map.copyOf(metadata);
    }
}
