package io.ltxfs.node.config;

/** What the guard does when the daemon died and the app has been ended. */
public enum OnDaemonDeath {
    /** It starts both again. */
    RESTART,
    /** It exits. */
    EXIT
}
