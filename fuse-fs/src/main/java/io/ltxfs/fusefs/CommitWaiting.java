package io.ltxfs.fusefs;

import io.ltxfs.database.Completion;
import io.ltxfs.database.log.TransactionHeader;

/** What commits wait for besides the node's own disk: replicas, or the archive. For all threads. */
public interface CommitWaiting {
    /** Nothing. */
    CommitWaiting NONE = new CommitWaiting() {
        @Override
        public boolean waits(String database) {
            return false;
        }

        @Override
        public void await(TransactionHeader header, Completion completion) {
            completion.done(0);
        }
    };

    /** Whether the commits of a database do. Answers from memory. */
    boolean waits(String database);

    /** {@link io.ltxfs.database.Host#awaitReplication}. */
    void await(TransactionHeader header, Completion completion);
}
