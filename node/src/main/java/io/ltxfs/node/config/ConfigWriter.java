package io.ltxfs.node.config;

import java.util.Optional;
import java.util.function.Function;

/** Writes a configuration as YAML that reads back as the same one. */
final class ConfigWriter {
    private ConfigWriter() {}

    /** @param valueText the text of a key's value */
    static String toYaml(Function<ConfigKey<?>, String> valueText, LtxfsConfig config) {
        StringBuilder out = new StringBuilder();
        String[] open = {};
        for (ConfigKey<?> key : Keys.ALL) {
            String[] parts = key.name().split("\\.");
            int same = 0;
            while (same < open.length && same < parts.length - 1 && open[same].equals(parts[same])) {
                same++;
            }
            for (int depth = same; depth < parts.length; depth++) {
                out.append("  ".repeat(depth)).append(parts[depth]).append(':');
                if (depth < parts.length - 1) {
                    out.append('\n');
                }
            }
            open = parts;
            String text = valueText.apply(key);
            out.append(text.isEmpty() ? "" : " ").append(text).append('\n');
        }
        appendRules(out, config);
        return out.toString();
    }

    private static void appendRules(StringBuilder out, LtxfsConfig config) {
        out.append(Keys.DATABASES).append(config.databases().isEmpty() ? ": []\n" : ":\n");
        for (DatabaseRule rule : config.databases()) {
            out.append("  - ").append(line(Keys.RULE_MATCH, rule.match()));
            append(out, Keys.RULE_ARCHIVE_PATH, rule.archivePath().map(Optional::of));
            append(out, Keys.ARCHIVE_SYNC, rule.archiveSync());
            append(out, Keys.ARCHIVE_HISTORY, rule.archiveHistory());
            append(out, Keys.SNAPSHOTS_EVERY, rule.snapshotsEvery());
            append(out, Keys.SNAPSHOTS_KEEP, rule.snapshotsKeep());
            append(out, Keys.DURABILITY, rule.durability());
            append(out, Keys.WAIT_MAX, rule.waitMax());
            append(out, Keys.WAIT_THEN, rule.waitThen());
            append(out, Keys.UNJOURNALED, rule.unjournaled());
            append(out, Keys.FILES_OWNER, rule.files().owner().map(Optional::of));
            append(out, Keys.FILES_GROUP, rule.files().group().map(Optional::of));
            append(out, Keys.FILES_MODE, rule.files().mode().map(Optional::of));
        }
    }

    private static <T> void append(StringBuilder out, ConfigKey<T> key, Optional<T> value) {
        value.ifPresent(present -> out.append("    ").append(line(key, present)));
    }

    private static <T> String line(ConfigKey<T> key, T value) {
        return key.name() + ": " + key.type().format(value) + "\n";
    }
}
