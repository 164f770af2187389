package io.ltxfs.node.config;

/**
 * One key of the configuration.
 *
 * @param name the dotted name, as on the command line: {@code archive.sync}
 * @param type what its values may be
 * @param defaultText the default as one would write it
 * @param perDatabase whether an entry of {@code databases} may give it another value
 */
record ConfigKey<T>(String name, ValueType<T> type, String defaultText, boolean perDatabase) {
    static <T> ConfigKey<T> of(String name, ValueType<T> type, String defaultText) {
        return new ConfigKey<>(name, type, defaultText, false);
    }

    static <T> ConfigKey<T> perDatabase(String name, ValueType<T> type, String defaultText) {
        return new ConfigKey<>(name, type, defaultText, true);
    }
}
