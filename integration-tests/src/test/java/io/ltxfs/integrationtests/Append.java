package io.ltxfs.integrationtests;

/**
 * What became of one append of a client; times are the machine's monotonic clock in nanoseconds.
 *
 * @param client who tried it
 * @param number its number among that client's
 * @param node where
 */
record Append(int client, long number, String node, long begun, long ended, Outcome outcome, String error) {
    /** What the client was told. */
    enum Outcome {
        /** COMMIT returned. */
        OK,
        /** It failed before its COMMIT, or that found the database locked: it never happened. */
        REFUSED,
        /** COMMIT failed: it may have happened. */
        UNKNOWN
    }
}
