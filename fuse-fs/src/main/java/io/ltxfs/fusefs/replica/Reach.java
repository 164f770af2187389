package io.ltxfs.fusefs.replica;

/** Whether own threads may open files of the mount by their paths. */
enum Reach {
    /** They may. */
    OPEN,
    /** Not at this moment: the mount is about to be taken away and must not be busy because of the node itself. */
    SUSPENDED,
    /** Not any more: the mount has gone from its path, where other files may be by now. */
    GONE
}
