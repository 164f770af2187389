package io.ltxfs.fusefs.tree;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.fusefs.transport.Caller;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;

/** On a replica databases are another node's: local programs read them, and the node's own threads bring what is new. */
final class ReplicaRules {
    private final BooleanSupplier isReplica;
    private final IntPredicate ownThread;

    ReplicaRules(BooleanSupplier isReplica, IntPredicate ownThread) {
        this.isReplica = isReplica;
        this.ownThread = ownThread;
    }

    boolean isReplica() {
        return isReplica.getAsBoolean();
    }

    boolean isOwn(Caller caller) {
        return ownThread.test(caller.pid());
    }

    /** Refuses what changes a database, its name or its owner: EACCES, which SQLite calls "readonly database". */
    void refuseChange(Caller caller, String what) throws TreeException {
        if (isReplica() && !isOwn(caller)) {
            throw new TreeException(Errno.EACCES, what + " on a replica");
        }
    }
}
