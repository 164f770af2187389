package io.ltxfs.node.cli.ltx;

import io.ltxfs.node.cli.CliException;
import io.ltxfs.node.cli.ExitCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/** A SQLite database as nothing but a file: it must hold all of its transactions. */
final class DatabaseFile {
    private static final byte[] JOURNAL_MAGIC = HexFormat.of().parseHex("d9d505f920a163d7");

    private DatabaseFile() {}

    /** Refuses a database with transactions in its WAL, or with a journal that would undo what the file holds. */
    static void checkAlone(Path database) throws IOException {
        Path wal = database.resolveSibling(database.getFileName() + "-wal");
        if (Files.exists(wal) && Files.size(wal) > 0) {
            throw refusal(database, wal, "may hold transactions that the database file does not");
        }
        Path journal = database.resolveSibling(database.getFileName() + "-journal");
        if (Files.exists(journal)) {
            try (InputStream in = Files.newInputStream(journal)) {
                if (Arrays.equals(in.readNBytes(JOURNAL_MAGIC.length), JOURNAL_MAGIC)) {
                    throw refusal(database, journal, "holds a transaction that is not finished");
                }
            }
        }
    }

    private static CliException refusal(Path database, Path other, String why) {
        return new CliException(
                ExitCode.FAILED,
                database.toString(),
                other.getFileName() + " " + why,
                "end the programs that use it and run: sqlite3 " + database + " 'PRAGMA wal_checkpoint(TRUNCATE)'");
    }
}
