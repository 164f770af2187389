package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveOptions;
import java.time.Duration;

/**
 * How long what is kept.
 *
 * @param levelZero for how long objects of level 0 are kept after they were joined: as long as readers that follow the
 *     archive may take to pick them up
 * @param history for how long every single transaction can be restored
 * @param snapshotsKeep for how long snapshots are kept
 * @param lastLevel the level that nothing but snapshots replaces
 */
public record RetentionRules(Duration levelZero, Duration history, Duration snapshotsKeep, int lastLevel) {
    /** The age at which Litestream deletes objects of level 0; ours does so no later than {@code history} ends. */
    public static final Duration LEVEL_ZERO = Duration.ofMinutes(5);

    /** The rules of a configuration. */
    public static RetentionRules of(ArchiveOptions options) {
        return new RetentionRules(
                LEVEL_ZERO.compareTo(options.history()) < 0 ? LEVEL_ZERO : options.history(),
                options.history(),
                options.snapshotsKeep(),
                options.levels().size());
    }
}
