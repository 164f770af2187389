package io.ltxfs.archive;

import java.io.IOException;

/** The archive does not hold what was asked for, or holds something wrong. The message says what to do next. */
public final class ArchiveException extends IOException {
    private static final long serialVersionUID = 1;

    /** What went wrong; each has an exit code of its own. */
    public enum Kind {
        /** There is no such database, transaction or moment (any more). */
        NOT_FOUND,
        /** An object is damaged, or does not belong where it is. */
        DAMAGED,
        /** The archive belongs to another history. */
        FOREIGN,
        /** What was asked for makes no sense. */
        WRONG_USAGE
    }

    private final Kind kind;

    /** A failure. */
    public ArchiveException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** A failure with a cause. */
    public ArchiveException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }
}
