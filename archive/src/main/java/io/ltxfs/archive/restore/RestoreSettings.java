package io.ltxfs.archive.restore;

import io.ltxfs.objectstore.ObjectStore;

/**
 * What suits a store.
 *
 * @param threads how many fetch: the processors' number where reading costs no network, else how many requests are made
 *     at once
 * @param cut how large a request is
 * @param stepBytes how many bytes are written between two syncs
 */
record RestoreSettings(int threads, PagePicker.Cut cut, long stepBytes) {
    private static final int CONNECTIONS = 8;
    private static final PagePicker.Cut LOCAL = new PagePicker.Cut(1 << 20, 32 << 10);
    private static final PagePicker.Cut REMOTE = new PagePicker.Cut(4 << 20, 128 << 10);

    static RestoreSettings of(ObjectStore store) {
        if (!store.isLocal()) {
            return new RestoreSettings(CONNECTIONS, REMOTE, Progress.STEP_BYTES);
        }
        int processors = Runtime.getRuntime().availableProcessors();
        return new RestoreSettings(Math.min(Math.max(processors, 2), CONNECTIONS), LOCAL, Progress.STEP_BYTES);
    }
}
