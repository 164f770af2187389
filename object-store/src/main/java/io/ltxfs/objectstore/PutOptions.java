package io.ltxfs.objectstore;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * How to put an object.
 *
 * @param condition what must hold of the object that is there
 * @param metadata kept with the object: keys of lower-case letters, digits and {@code -}, values of printable ASCII, not empty, without
 *     blanks at their ends
 * @param modified the time of modification that a store of files shows; where the store keeps times itself it has no
 *     effect
 */
public record PutOptions(Condition condition, Map<String, String> metadata, Optional<Instant> modified) {

    /** What must hold of the object that is there; the check and the put are one step. */
    public sealed interface Condition {
        /** Nothing: replace what is there. */
        record Always() implements Condition {}

        /** There is none ({@code If-None-Match: *}). */
        record Absent() implements Condition {}

        /** It is the one with this ETag ({@code If-Match}). */
        record Matches(String etag) implements Condition {}
    }

    /**
     * Copies the map.
     *
     * @throws IllegalArgumentException if a key or value of the metadata is not as it must be
     */
    public PutOptions {
        metadata = Map.copyOf(metadata);
        metadata.forEach(PutOptions::checkMetadata);
    }

    private static void checkMetadata(String key, String value) {
        if (key.isEmpty() || !key.chars().allMatch(c -> c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')) {
            throw new IllegalArgumentException(
                    "a key of metadata is of lower-case letters, digits and '-', not '" + key + "'");
        }
        // Headers of HTTP lose blanks at the ends, and some servers an empty value.
        if (value.isBlank() || !value.equals(value.strip()) || !value.chars().allMatch(c -> c >= 0x20 && c < 0x7f)) {
            throw new IllegalArgumentException(
                    "metadata '" + key + "' must be printable ASCII, not empty and without blanks at its ends");
        }
    }

    /** Replaces what is there. */
    public static PutOptions replace() {
        return new PutOptions(new Condition.Always(), Map.of(), Optional.empty());
    }

    /** Creates: fails if an object is there. */
    public static PutOptions create() {
        return new PutOptions(new Condition.Absent(), Map.of(), Optional.empty());
    }

    /** Replaces the one with this ETag. */
    public static PutOptions ifMatch(String etag) {
        return new PutOptions(new Condition.Matches(etag), Map.of(), Optional.empty());
    }

    /** The same with metadata. */
    public PutOptions with(Map<String, String> newMetadata) {
        return new PutOptions(condition, newMetadata, modified);
    }

    /** The same with a time of modification. */
    public PutOptions modifiedAt(Instant time) {
        return new PutOptions(condition, metadata, Optional.of(time));
    }
}
