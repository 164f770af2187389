package io.ltxfs.fusefs.transport;

/** Answers {@code readdir}: any number of {@link #add}, then {@link #done}. */
public interface ReplyDirectory extends Reply {
    /**
     * Adds a name, unless the reader's buffer is full. Not terminal.
     *
     * @param ino the inode number shown by readdir(3)
     * @param mode a mode whose type bits (S_IFMT) say what the name is; 0 when not known
     * @param nextOffset where a listing goes on after this name; positive
     * @return false if it did not fit: add nothing more, call {@link #done}; the reader comes again from the last
     *     {@code nextOffset} that did fit
     */
    boolean add(String name, long ino, int mode, long nextOffset);

    /** Answers with what was added; with nothing added the listing is at its end. */
    void done();
}
