package io.ltxfs.node.config;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A configuration and what is to be said of it.
 *
 * @param file the file it was read from
 * @param notices what is set but has no effect, a sentence each
 * @param yaml the whole configuration with its defaults, as {@code ltxfs.yml} would say it
 */
public record LoadedConfig(LtxfsConfig config, Optional<Path> file, List<String> notices, String yaml) {
    /** The same as {@link #yaml} as maps, lists and texts; a value that is not set is an empty text. */
    public Object document() {
        return plain(YamlReader.readValue(yaml, "the configuration"));
    }

    private static Object plain(RawValue value) {
        if (value instanceof RawValue.Scalar scalar) {
            return scalar.text();
        }
        if (value instanceof RawValue.Items list) {
            return list.items().stream().map(LoadedConfig::plain).toList();
        }
        Map<String, Object> map = new LinkedHashMap<>();
        for (RawValue.Entry entry : ((RawValue.Section) value).entries()) {
            map.put(entry.key(), plain(entry.value()));
        }
        return map;
    }
}
