package io.ltxfs.node.config;

import java.util.List;

/** A value as somebody wrote it, before it has a type. {@code origin} says where: a file and line, or an option. */
sealed interface RawValue {
    /** Where the value was written, for error messages. */
    String origin();

    /** A single text; an empty one stands for "nothing". */
    record Scalar(String text, String origin) implements RawValue {}

    /** A list. */
    record Items(List<RawValue> items, String origin) implements RawValue {}

    /** A mapping, in the order it was written, keys unique. */
    record Section(List<Entry> entries, String origin) implements RawValue {}

    /** One key of a mapping. */
    record Entry(String key, String origin, RawValue value) {}
}
