package io.ltxfs.archive.restore;

import java.io.IOException;

/** An object of the plan is not there any more: retention was faster. A new plan does without it. */
final class GoneException extends IOException {
    private static final long serialVersionUID = 1;

    private final String key;

    GoneException(String key, IOException cause) {
        super(cause.getMessage(), cause);
        this.key = key;
    }

    String key() {
        return key;
    }
}
