package io.ltxfs.node.guard;

import java.time.Duration;
import java.util.List;

/**
 * What a guard looks after.
 *
 * @param daemon the daemon's command
 * @param app the app's command; empty if the node just serves
 * @param restartsMax how often a daemon is started again before it has lived for {@code steadyAfter}
 * @param backOff the wait before the first restart; it doubles with each
 * @param steadyAfter a daemon that served this long has recovered: restarts are counted anew
 */
record GuardSettings(List<String> daemon, List<String> app, int restartsMax, Duration backOff, Duration steadyAfter) {
    static GuardSettings of(List<String> daemon, List<String> app) {
        return new GuardSettings(
                List.copyOf(daemon), List.copyOf(app), 5, Duration.ofMillis(200), Duration.ofSeconds(30));
    }
}
