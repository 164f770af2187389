package io.ltxfs.fusefs.transport;

/** Answers {@code statfs}. */
public interface ReplyStatfs extends Reply {
    /** Space and limits, see {@link FileSystemStat}. */
    void stat(FileSystemStat stat);
}
