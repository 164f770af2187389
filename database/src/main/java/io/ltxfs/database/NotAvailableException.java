package io.ltxfs.database;

import java.io.IOException;

/** A position that the log does not reach back to was asked for; the message names the range that can be had. */
public final class NotAvailableException extends IOException {
    public NotAvailableException(String message) {
        super(message);
    }
}
