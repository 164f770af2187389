package io.ltxfs.database;

import io.ltxfs.database.DatabaseSetOptions.Behind;
import io.ltxfs.database.feed.LogFeed;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether commits are refused because a follower of the log is too far behind. Looked at in the background, so that a
 * commit asks one flag; the bound may be passed by what is committed between two looks.
 */
final class Backlog {
    private static final Logger LOG = LoggerFactory.getLogger(Backlog.class);

    /** Commits are accepted again below this share of the log's bound, so that the state does not flicker. */
    private static final double CAUGHT_UP = 0.9;

    private final LogFeed feed;
    private final Behind policy;
    private volatile String warning = "";

    Backlog(LogFeed feed, Behind policy) {
        this.feed = feed;
        this.policy = policy;
    }

    boolean refusesWrites() {
        return !warning.isEmpty();
    }

    /** What {@code status} says while commits are refused, else empty. */
    String warning() {
        return warning;
    }

    boolean startsOver() {
        return policy == Behind.START_OVER;
    }

    /** Looks at the followers. One thread at a time. */
    void look() {
        if (startsOver()) {
            return;
        }
        boolean refuses = refusesWrites();
        double backlog = feed.backlog();
        if (!refuses && backlog >= 1) {
            String who = feed.last().orElse("a follower");
            warning = "takes no commits: " + who
                    + " has not taken over what the log may hold at most; waits until it has" + " caught up";
            LOG.error("refuses commits, the log is full of what a follower still needs: follower={}", who);
        } else if (refuses && backlog < CAUGHT_UP) {
            warning = "";
            LOG.info("accepts commits again");
        }
    }
}
