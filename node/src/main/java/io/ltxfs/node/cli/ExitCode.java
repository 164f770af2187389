package io.ltxfs.node.cli;

/** Exit codes of all commands. */
public final class ExitCode {
    /** Done. */
    public static final int DONE = 0;

    /** Failed. */
    public static final int FAILED = 1;

    /** Wrong usage or configuration. */
    public static final int WRONG_USAGE = 2;

    /** The data failed a check: corrupt, or a checksum that does not match. */
    public static final int DATA_WRONG = 3;

    /** Not found, or not to be had any more. */
    public static final int NOT_FOUND = 4;

    private ExitCode() {}
}
