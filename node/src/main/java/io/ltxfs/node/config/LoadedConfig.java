package io.ltxfs.node.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A configuration and what is to be said of it.
 *
 * @param file the file it was read from
 * @param notices what is set but has no effect yet, a sentence each
 * @param yaml the whole configuration with its defaults, as {@code ltxfs.yml} would say it
 */
public record LoadedConfig(LtxfsConfig config, Optional<Path> file, List<String> notices, String yaml) {}
