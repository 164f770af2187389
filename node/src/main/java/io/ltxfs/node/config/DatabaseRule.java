package io.ltxfs.node.config;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Settings of the databases whose names match a pattern. Empty ones are as for all databases; the first rule that
 * matches and has a setting counts.
 *
 * @param match a glob over names in the mount: {@code *} within a directory, {@code **} across directories
 * @param archivePath the place in the archive; if the rule is a pattern, what the places of its databases lie below
 */
public record DatabaseRule(
        String match,
        Optional<String> archivePath,
        Optional<Duration> archiveSync,
        Optional<Duration> archiveHistory,
        Optional<Duration> snapshotsEvery,
        Optional<Duration> snapshotsKeep,
        Optional<Durability> durability,
        Optional<Duration> waitMax,
        Optional<WhenWaitEnds> waitThen,
        Optional<Unjournaled> unjournaled,
        LtxfsConfig.Files files) {

    /** Whether it may match more than one name. */
    public boolean isPattern() {
        return match.matches(".*[*?\\[{\\\\].*");
    }

    /** Whether a database's name, as in {@code tenants/a.db}, is meant. */
    public boolean matches(String database) {
        return FileSystems.getDefault().getPathMatcher("glob:" + match).matches(Path.of(database));
    }
}
