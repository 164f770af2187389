package io.ltxfs.archive.restore;

import io.ltxfs.archive.ArchiveException;
import java.io.IOException;

/** An object of the plan is damaged, or not what its name says. */
final class DamagedObjectException extends IOException {
    private static final long serialVersionUID = 1;

    private final String key;

    /**
     * Makes one.
     *
     * @param what what is wrong with it, without its name
     */
    DamagedObjectException(String key, String what) {
        super(what);
        this.key = key;
    }

    String key() {
        return key;
    }

    /** What is wrong with it, without its name. */
    String what() {
        return String.valueOf(getMessage());
    }

    /** The same for those who read it. */
    ArchiveException asArchiveException(RangeReader reader) {
        return new ArchiveException(ArchiveException.Kind.DAMAGED, reader.describe(key) + ": " + what(), this);
    }
}
