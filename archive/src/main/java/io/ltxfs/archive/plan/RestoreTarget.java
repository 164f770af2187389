package io.ltxfs.archive.plan;

import java.time.Instant;

/** Where a restore is to end. */
public sealed interface RestoreTarget {
    /** The last transaction that the archive has. */
    record End() implements RestoreTarget {}

    /** One transaction, exactly. */
    record AtTxid(long txid) implements RestoreTarget {}

    /** The last transaction whose own timestamp is not after a moment. */
    record AtTime(Instant time) implements RestoreTarget {}
}
