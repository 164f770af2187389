package io.ltxfs.fusefs.tree;

import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.posix.Errno;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * What the request handlers of one tree share.
 *
 * @param paths held shared while a path is made and used, exclusively while a directory or plain file is renamed; never
 *     across a commit, and not taken by completions
 * @param rules what local programs may do to databases
 * @param slow threads for what waits for the disk, so that reading goes on (D5)
 */
record Parts(
        DatabaseSet databases,
        Mirror mirror,
        NodeTable nodes,
        HandleTable handles,
        VirtualFiles virtuals,
        Loader loader,
        Recognition recognition,
        Orphans orphans,
        DatabaseEvents events,
        Kernel kernel,
        ReentrantReadWriteLock paths,
        ExecutorService slow,
        ReplicaRules rules) {

    /** The directory of an id. */
    Directory directory(long id) throws TreeException {
        if (nodes.get(id) instanceof Directory directory) {
            return directory;
        }
        throw new TreeException(Errno.ENOTDIR, "node " + id);
    }
}
