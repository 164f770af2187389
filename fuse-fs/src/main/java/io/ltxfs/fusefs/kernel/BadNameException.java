package io.ltxfs.fusefs.kernel;

/** A name that no file here can have. */
final class BadNameException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    BadNameException(int errno) {
        super("bad name", null, false, false);
        this.errno = errno;
    }

    int errno() {
        return errno;
    }
}
