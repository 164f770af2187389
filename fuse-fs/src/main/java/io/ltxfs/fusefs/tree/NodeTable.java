package io.ltxfs.fusefs.tree;

import io.ltxfs.fusefs.transport.FileSystem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The nodes in memory: those that the kernel knows, those that are open, and the directories above them. Its monitor
 * guards places, lookup counts and pins, is held for a few steps and never across a system call.
 */
final class NodeTable {
    private final Map<Long, Inode> byId = new ConcurrentHashMap<>();
    private final NodeIds ids;
    private final Directory root = new Directory(FileSystem.ROOT, true);
    private final Consumer<Inode> dropped;

    /** @param dropped told of each node that left memory, with no lock held */
    NodeTable(NodeIds ids, Consumer<Inode> dropped) {
        this.ids = ids;
        this.dropped = dropped;
        byId.put(root.id(), root);
    }

    Directory root() {
        return root;
    }

    long nextId() {
        return ids.next();
    }

    /** @throws TreeException with ESTALE if there is no such node */
    Inode get(long id) throws TreeException {
        Inode node = byId.get(id);
        if (node == null) {
            throw TreeException.stale(id);
        }
        return node;
    }

    /** All nodes in memory. */
    List<Inode> all() {
        return List.copyOf(byId.values());
    }

    /** How many nodes are in memory. */
    int size() {
        return byId.size();
    }

    /** The child of this name if it is loaded, with one lookup more. */
    synchronized @Nullable Inode acquire(Directory parent, String name) {
        Inode child = parent.child(name);
        if (child != null) {
            child.addLookups(1);
        }
        return child;
    }

    /** Hangs a new node in, unless the name is loaded; the one that hangs there then gets one lookup more. */
    synchronized Inode insert(Directory parent, String name, Inode candidate) throws TreeException {
        if (!parent.isLinked()) {
            throw TreeException.stale(parent.id());
        }
        Inode child = parent.child(name);
        if (child == null) {
            child = candidate;
            child.place(new Inode.Place(parent, name));
            parent.add(name, child);
            byId.put(child.id(), child);
        }
        child.addLookups(1);
        return child;
    }

    /** The node that a path below the mount leads to, if it is in memory. */
    synchronized @Nullable Inode find(String path) {
        Inode node = root;
        for (String name : path.split("/")) {
            if (!(node instanceof Directory directory)) {
                return null;
            }
            node = directory.child(name);
        }
        return node;
    }

    /** The loaded children of a directory. */
    synchronized List<Inode> children(Directory parent) {
        return new ArrayList<>(parent.children());
    }

    /** Takes lookups off. */
    void forget(Inode node, long lookups) {
        change(node, () -> node.addLookups(-lookups));
    }

    /** Keeps a node in memory until it is unpinned as often. */
    synchronized void pin(Inode node) {
        node.addPins(1);
    }

    void unpin(Inode node) {
        change(node, () -> node.addPins(-1));
    }

    /** Its name is gone. */
    void detach(Inode node) {
        Inode.Place place = node.place();
        change(node, () -> unhang(node));
        if (place != null) {
            change(place.parent(), () -> {});
        }
    }

    /** It has another name; what hung there is detached. @return what hung there */
    @Nullable
    Inode move(Inode node, Directory newParent, String newName) {
        Inode.Place old = node.place();
        Inode replaced;
        synchronized (this) {
            replaced = newParent.child(newName);
            if (replaced == node) {
                return null;
            }
            if (replaced != null) {
                unhang(replaced);
            }
            unhang(node);
            node.place(new Inode.Place(newParent, newName));
            newParent.add(newName, node);
        }
        if (replaced != null) {
            change(replaced, () -> {});
        }
        if (old != null) {
            change(old.parent(), () -> {});
        }
        return replaced;
    }

    private void unhang(Inode node) {
        Inode.Place place = node.place();
        if (place != null) {
            place.parent().remove(place.name());
            node.place(null);
        }
    }

    private void change(Inode node, Runnable step) {
        List<Inode> gone = List.of();
        synchronized (this) {
            step.run();
            Inode candidate = node;
            while (candidate != null && candidate.isForgotten() && byId.remove(candidate.id()) != null) {
                if (gone.isEmpty()) {
                    gone = new ArrayList<>();
                }
                gone.add(candidate);
                Inode.Place place = candidate.place();
                if (place == null) {
                    break;
                }
                place.parent().remove(place.name());
                candidate = place.parent();
            }
        }
        gone.forEach(dropped);
    }
}
