package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;

/** What the tree tells of databases. Called inside requests: an implementation only takes note. */
public interface DatabaseEvents {
    /** An application opened it for writing. */
    void opened(Database database);

    /** No application has it open any more. */
    void closed(Database database);

    /** Its name stands for it no more: it was dropped or renamed. */
    void gone(Database database);

    /** Takes no note. */
    DatabaseEvents NONE = new DatabaseEvents() {
        @Override
        public void opened(Database database) {}

        @Override
        public void closed(Database database) {}

        @Override
        public void gone(Database database) {}
    };
}
