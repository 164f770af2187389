package io.ltxfs.fusefs.tree;

import java.util.Optional;
import java.util.regex.Pattern;

/** The names that SQLite gives to the files beside a database. */
final class SqliteNames {
    /** What the virtual file of a database's position is called after it. */
    static final String POSITION_SUFFIX = "-pos";

    // sqlite3 vdbeaux.c, vdbeCommit: "%s-mj%06X9%02X"
    private static final Pattern SUPER_JOURNAL = Pattern.compile(".+-mj[0-9A-F]{6}9[0-9A-F]{2}");

    private static final Role[] SIDES = {Role.JOURNAL, Role.WAL, Role.SHM};

    private SqliteNames() {}

    /**
     * A side file's name taken apart.
     *
     * @param base the name of the database that it would belong to
     */
    record Side(String base, Role role) {}

    /** What a name would be the side file of, if a file with the base's name stands beside it. */
    static Optional<Side> side(String name) {
        for (Role role : SIDES) {
            if (name.length() > role.suffix().length() && name.endsWith(role.suffix())) {
                return Optional.of(
                        new Side(name.substring(0, name.length() - role.suffix().length()), role));
            }
        }
        return Optional.empty();
    }

    /** Whether SQLite would name a super-journal so. */
    static boolean isSuperJournal(String name) {
        return name.contains("-mj") && SUPER_JOURNAL.matcher(name).matches();
    }

    /** The database whose position a virtual file of this name would show. */
    static Optional<String> positionOf(String name) {
        return name.length() > POSITION_SUFFIX.length() && name.endsWith(POSITION_SUFFIX)
                ? Optional.of(name.substring(0, name.length() - POSITION_SUFFIX.length()))
                : Optional.empty();
    }
}
