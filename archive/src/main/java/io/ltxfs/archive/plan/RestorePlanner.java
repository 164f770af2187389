package io.ltxfs.archive.plan;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.DatabaseArchive;
import java.io.IOException;
import java.util.Set;

/** Finds what to read to come to a target. */
public final class RestorePlanner {
    private RestorePlanner() {}

    /**
     * Plans.
     *
     * @param nearest take the nearest transaction before the target, else after it, if the target cannot be had
     * @throws ArchiveException {@link ArchiveException.Kind#NOT_FOUND} if the target cannot be had, naming what can;
     *     {@link ArchiveException.Kind#FOREIGN} or {@link ArchiveException.Kind#DAMAGED} naming the object
     */
    public static RestorePlan plan(DatabaseArchive db, RestoreTarget target, boolean nearest) throws IOException {
        return plan(db, target, nearest, Set.of());
    }

    /**
     * Plans without some objects, because they were found to be gone or damaged.
     *
     * @param without their keys
     */
    public static RestorePlan plan(DatabaseArchive db, RestoreTarget target, boolean nearest, Set<String> without)
            throws IOException {
        throw new UnsupportedOperationException();
    }
}
