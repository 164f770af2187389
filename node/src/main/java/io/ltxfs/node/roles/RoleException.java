package io.ltxfs.node.roles;

/** A change of roles that was asked for and cannot be; says why and what to do. */
public final class RoleException extends Exception {
    private static final long serialVersionUID = 1;

    private final String next;

    /**
     * With both.
     *
     * @param why it cannot be
     * @param next what to do
     */
    public RoleException(String why, String next) {
        super(why);
        this.next = next;
    }

    /** What to do. */
    public String next() {
        return next;
    }
}
