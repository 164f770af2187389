package io.ltxfs.archive.restore;

import java.io.IOException;

/** The restore was asked to stop. What it has is kept, and the next one with the same target goes on from there. */
public final class StoppedException extends IOException {
    private static final long serialVersionUID = 1;

    StoppedException() {
        super("stopped before it was complete");
    }
}
