package io.ltxfs.node.roles;

import io.ltxfs.database.disk.Errno;
import io.ltxfs.lease.Lease;
import org.jspecify.annotations.Nullable;

/**
 * Whether a commit may go on at this moment: asked inside every commit, for all threads. It may if this process holds
 * the lease now, under the very epoch that its role has accepted.
 */
final class CommitGate {
    private static final long CLOSED = -1;

    private volatile @Nullable Lease lease;
    private volatile long accepted = CLOSED;

    /** By which lease; before it is known, no commit goes through. */
    void lease(Lease known) {
        lease = known;
    }

    /** Lets commits through under an epoch, as long as the lease says so too. */
    void accept(long epoch) {
        accepted = epoch;
    }

    /** Lets none through from now on. */
    void refuse() {
        accepted = CLOSED;
    }

    /** Whether the role accepts commits, whatever the lease says. */
    boolean isAccepting() {
        return accepted != CLOSED;
    }

    /** 0, or the errno that a commit is refused with. */
    int mayCommit() {
        return mayCommit(accepted);
    }

    /** The same for one that began under an epoch: the role may have been lost, and taken again, since. */
    int mayCommit(long epoch) {
        Lease held = lease;
        return epoch != CLOSED && epoch == accepted && held != null && held.epochHeld() == epoch ? Errno.OK : Errno.EIO;
    }

    /** The epoch for what is committed; that of the last role while none is accepted. */
    long epoch() {
        long epoch = accepted;
        return epoch == CLOSED ? 0 : epoch;
    }
}
