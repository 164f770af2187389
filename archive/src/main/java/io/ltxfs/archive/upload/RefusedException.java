package io.ltxfs.archive.upload;

import java.io.IOException;

/** A database must not be archived where it is to be: another history lies there. The message says what to do. */
final class RefusedException extends IOException {
    private static final long serialVersionUID = 1;

    /**
     * A refusal.
     *
     * @param why what lies there, and who put it
     */
    RefusedException(DatabaseUpload db, String why) {
        super(db.name + ": is not archived in "
                + db.archive.store().describe(db.archive.place())
                + ": " + why
                + "; give it another archive.path, restore from that archive first, or move the old history aside with"
                + " 'ltxfs archive begin " + db.name + " --force'");
    }
}
