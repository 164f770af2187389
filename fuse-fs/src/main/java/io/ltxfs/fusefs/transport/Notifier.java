package io.ltxfs.fusefs.transport;

import java.io.IOException;

/**
 * Tells the kernel to forget what it has cached, for changes that did not come through the mount.
 *
 * <p>A call may wait for locks that the kernel holds during requests on the same inode or directory. So it is made
 * from a thread that is no handler, or by a handler for files that its request does not touch. What the kernel never
 * cached is no error.
 */
public interface Notifier {
    /**
     * Drops attributes, and cached pages of a range; waits until stores to mapped pages in it are written back.
     *
     * @param offset first byte of the range; negative drops attributes only
     * @param length bytes of the range; 0 means up to the end
     * @throws IOException if the mount has gone or the kernel refuses
     */
    void invalInode(long node, long offset, long length) throws IOException;

    /**
     * Drops a name, positive or negative.
     *
     * @throws IOException if the mount has gone or the kernel refuses
     */
    void invalEntry(long parent, String name) throws IOException;
}
