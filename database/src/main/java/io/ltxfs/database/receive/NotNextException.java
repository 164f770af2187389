package io.ltxfs.database.receive;

import io.ltxfs.database.log.TransactionHeader;
import java.io.IOException;
import java.util.Optional;

/** A transaction does not follow what was received of its database; nothing was changed. */
public final class NotNextException extends IOException {
    private static final long serialVersionUID = 1;

    /** Names both. */
    public NotNextException(TransactionHeader header, Optional<TransactionHeader> received) {
        super(String.format(
                "%s: transaction %016x with checksum %016x before it does not follow %s",
                header.database(),
                header.txid(),
                header.preChecksum(),
                received.map(last -> String.format("%016x with checksum %016x", last.txid(), last.postChecksum()))
                        .orElse("nothing")));
    }

    /** Its epoch is lower than that of the one before it. */
    public NotNextException(TransactionHeader header, Optional<TransactionHeader> received, long epoch) {
        super(String.format(
                "%s: transaction %016x of epoch %d does not follow %016x of epoch %d",
                header.database(),
                header.txid(),
                header.epoch(),
                received.map(TransactionHeader::txid).orElse(0L),
                epoch));
    }
}
