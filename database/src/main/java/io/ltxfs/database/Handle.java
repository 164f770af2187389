package io.ltxfs.database;

import java.util.function.IntUnaryOperator;

/**
 * One open of a file: what a FUSE file handle stands for. Two handles are the same open only if they are the same
 * object; rule R3 (a foreign fsync prepares nothing) compares them.
 */
public final class Handle {
    private static final int UNKNOWN = -1;

    private final boolean writable;
    private final boolean own;
    private final int pid;
    private volatile int process = UNKNOWN;

    /**
     * @param writable whether it was opened for writing
     * @param own whether the node itself opened it, through its own mount
     * @param pid the thread id of the caller that opened it, for log lines
     */
    public Handle(boolean writable, boolean own, int pid) {
        this.writable = writable;
        this.own = own;
        this.pid = pid;
    }

    public boolean writable() {
        return writable;
    }

    public boolean own() {
        return own;
    }

    public int pid() {
        return pid;
    }

    /**
     * The process that opened it; 0 if that cannot be found out.
     *
     * @param lookup the process of a thread id, asked once
     */
    int process(IntUnaryOperator lookup) {
        int known = process;
        if (known == UNKNOWN) {
            known = pid == 0 ? 0 : lookup.applyAsInt(pid);
            process = known;
        }
        return known;
    }
}
