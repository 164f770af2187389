package io.ltxfs.fusefs.tree;

import org.jspecify.annotations.Nullable;

/**
 * A node of the tree: what the kernel knows by its id. Lookup count, pins and place are the {@link NodeTable}'s.
 */
abstract sealed class Inode permits Directory, RegularFile, OtherFile, VirtualFile {
    /** All ids are unique for ever, so they need no generations. */
    static final long GENERATION = 1;

    /**
     * Where a node hangs.
     */
    record Place(Directory parent, String name) {}

    private final long id;
    private volatile @Nullable Place place;
    private long lookups;
    private int pins;

    Inode(long id) {
        this.id = id;
    }

    final long id() {
        return id;
    }

    /** Where it hangs; null for the root and when its name is gone. */
    final @Nullable Place place() {
        return place;
    }

    /** Whether a name leads to it. */
    boolean isLinked() {
        return place != null;
    }

    /**
     * Its path below the mount, with {@code /} between names; empty for the root.
     *
     * @throws TreeException with ESTALE if no name leads to it any more
     */
    final String path() throws TreeException {
        StringBuilder path = new StringBuilder();
        Inode node = this;
        while (!(node instanceof Directory directory && directory.isRoot())) {
            Place at = node.place;
            if (at == null) {
                throw TreeException.stale(id);
            }
            if (path.length() > 0) {
                path.insert(0, '/');
            }
            path.insert(0, at.name());
            node = at.parent();
        }
        return path.toString();
    }

    // The rest is called by NodeTable, under its monitor.

    final void place(@Nullable Place newPlace) {
        place = newPlace;
    }

    final void addLookups(long count) {
        lookups = Math.max(0, lookups + count);
    }

    final void addPins(int count) {
        pins += count;
    }

    /** Whether nobody can come with its id, and nothing but its backing file needs it. */
    boolean isForgotten() {
        return lookups == 0 && pins == 0;
    }
}
