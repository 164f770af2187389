package io.ltxfs.ltx;

import java.io.IOException;

/** An LTX file, or what was to become one, breaks a rule of the format. Says which rule and at which byte. */
public final class LtxFormatException extends IOException {
    private static final long serialVersionUID = 1;

    private final LtxError error;
    private final long offset;
    private final String detail;

    /**
     * @param error the rule that is broken
     * @param offset the offset in the file of the field at fault, in bytes
     * @param detail what is there and what should be
     */
    public LtxFormatException(LtxError error, long offset, String detail) {
        super(error + " at byte " + offset + ": " + detail);
        this.error = error;
        this.offset = offset;
        this.detail = detail;
    }

    private LtxFormatException(String file, LtxFormatException cause) {
        super(file + ": " + cause.getMessage(), cause);
        this.error = cause.error;
        this.offset = cause.offset;
        this.detail = cause.detail;
    }

    /** The same with the file's name in front of the message. */
    public LtxFormatException in(String file) {
        return new LtxFormatException(file, this);
    }

    /** The rule that is broken. */
    public LtxError error() {
        return error;
    }

    /** The offset in the file of the field at fault, in bytes. */
    public long offset() {
        return offset;
    }

    /** What is there and what should be, without the rule's name and the offset. */
    public String detail() {
        return detail;
    }
}
