package io.ltxfs.node;

import java.util.Optional;

/** Which ltxfs this is. */
public final class Version {
    private Version() {}

    /** The version of the jar; of a build tree, {@code development}. */
    public static String text() {
        return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("development");
    }
}
