package io.ltxfs.fusefs.tree;

import io.ltxfs.fusefs.transport.Attr;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A directory, which is one of the mirror too. Its loaded children are the {@link NodeTable}'s to change. */
final class Directory extends Inode {
    private final boolean root;
    private final Map<String, Inode> children = new HashMap<>();
    private volatile @Nullable Attr removed;
    private final AtomicBoolean namesUnsynced = new AtomicBoolean();

    Directory(long id, boolean root) {
        super(id);
        this.root = root;
    }

    boolean isRoot() {
        return root;
    }

    @Override
    boolean isLinked() {
        return root || super.isLinked();
    }

    /** Attributes as they were when it was removed, for those who stand in it; null before. */
    @Nullable
    Attr removed() {
        return removed;
    }

    void removed(Attr last) {
        removed = last;
    }

    /** A name in its mirror was made or removed. */
    void namesChanged() {
        namesUnsynced.set(true);
    }

    /** Whether names changed since the last call; the caller syncs them. */
    boolean takeNamesChanged() {
        return namesUnsynced.getAndSet(false);
    }

    // The rest is called by NodeTable, under its monitor.

    @Nullable
    Inode child(String name) {
        return children.get(name);
    }

    Collection<Inode> children() {
        return List.copyOf(children.values());
    }

    void add(String name, Inode child) {
        children.put(name, child);
    }

    void remove(String name) {
        children.remove(name);
    }

    @Override
    boolean isForgotten() {
        return !root && super.isForgotten() && children.isEmpty();
    }
}
