package io.ltxfs.node.cli;

/** A command that failed: what a person reads, and the exit code. */
public final class CliException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    /**
     * Makes one.
     *
     * @param exitCode of {@link ExitCode}
     * @param what the thing that failed
     * @param why the reason
     * @param next what to do next
     */
    public CliException(int exitCode, String what, String why, String next) {
        super(what + ": " + why + "; " + next);
        this.exitCode = exitCode;
    }

    /** The same, with the exception behind it, which {@code --debug} shows. */
    public CliException(int exitCode, String what, String why, String next, Throwable cause) {
        super(what + ": " + why + "; " + next, cause);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }
}
