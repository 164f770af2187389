package io.ltxfs.node.daemon;

/** A node that cannot start or go on; the message says what, why, and what to do next. */
public final class NodeException extends Exception {
    private static final long serialVersionUID = 1L;

    NodeException(String what, String why, String next) {
        super(what + ": " + why + "; " + next);
    }

    NodeException(String what, String why, String next, Throwable cause) {
        super(what + ": " + why + "; " + next, cause);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
