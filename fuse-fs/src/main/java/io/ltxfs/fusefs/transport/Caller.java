package io.ltxfs.fusefs.transport;

/**
 * Who makes a request. Belongs to the request: valid until it is answered; copy what is to be kept.
 */
public interface Caller {
    /** The caller's file-system user id. */
    int uid();

    /** The caller's file-system group id. */
    int gid();

    /**
     * The id of the calling <em>thread</em> (not of its process), as seen in the pid namespace of the mount; 0 when it
     * is not visible there, or when the kernel itself asks (write-back).
     */
    int pid();

    /** The caller's umask, for requests that create (already applied to their mode); 0 otherwise. */
    int umask();
}
