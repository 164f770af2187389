package io.ltxfs.archive.upload;

import java.io.IOException;

/** This node does not hold the lease at this moment under the epoch that its archiving began under. */
final class NotPrimaryException extends IOException {
    private static final long serialVersionUID = 1;

    NotPrimaryException(DatabaseUpload db) {
        super(db.name + ": nothing is archived: this node does not hold the lease; see 'ltxfs status'");
    }
}
