package io.ltxfs.fusefs.kernel;

import java.io.IOException;

/** This process cannot mount. Says what it lacks, and apart from that what to do. */
public final class MountRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String why;
    private final String advice;

    /**
     * A refusal.
     *
     * @param why what is missing, or who refuses
     * @param advice what gives it
     */
    public MountRefusedException(String why, String advice) {
        super(why + "; " + advice);
        this.why = why;
        this.advice = advice;
    }

    /** What is missing, or who refuses. */
    public String why() {
        return why;
    }

    /** What gives it. */
    public String advice() {
        return advice;
    }
}
