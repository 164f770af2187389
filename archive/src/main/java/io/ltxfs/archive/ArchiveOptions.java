package io.ltxfs.archive;

import java.time.Duration;
import java.util.List;

/**
 * How the archive of a database is kept; the keys of {@code archive:} in the configuration.
 *
 * @param sync how much commit time an object of level 0 spans at most
 * @param levels the intervals of the levels 1, 2, …, ascending
 * @param history for how long every single transaction can be restored
 * @param snapshotsEvery the interval of snapshots
 * @param snapshotsKeep for how long snapshots, and so everything since them, are kept
 */
public record ArchiveOptions(
        Duration sync, List<Duration> levels, Duration history, Duration snapshotsEvery, Duration snapshotsKeep) {
    /** Copies the list. */
    public ArchiveOptions {
        levels = List.copyOf(levels);
    }

    /** The defaults of the configuration. */
    public static ArchiveOptions defaults() {
        return new ArchiveOptions(
                Duration.ofSeconds(1),
                List.of(Duration.ofSeconds(30), Duration.ofMinutes(5), Duration.ofHours(1)),
                Duration.ofHours(24),
                Duration.ofHours(24),
                Duration.ofDays(30));
    }
}
