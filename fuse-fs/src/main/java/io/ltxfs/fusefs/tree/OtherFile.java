package io.ltxfs.fusefs.tree;

/** A symbolic link, a FIFO or a socket of the mirror. */
final class OtherFile extends Inode {
    OtherFile(long id) {
        super(id);
    }
}
