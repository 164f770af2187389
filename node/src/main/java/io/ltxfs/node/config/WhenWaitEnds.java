package io.ltxfs.node.config;

/** What becomes of a commit whose durability does not arrive in time. */
public enum WhenWaitEnds {
    /** It waits on. */
    WAIT,
    /** It returns, with an alarm. */
    DEGRADE,
    /** It reports that the outcome is unknown. */
    FAIL
}
