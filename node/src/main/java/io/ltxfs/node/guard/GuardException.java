package io.ltxfs.node.guard;

/** Something that the guard cannot do; the message is what a person reads. */
final class GuardException extends Exception {
    private static final long serialVersionUID = 1L;

    GuardException(String what, String why, String next) {
        super(what + ": " + why + "; " + next);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
