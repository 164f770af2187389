package io.ltxfs.node.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Properties;
import org.sqlite.JDBC;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** What commands do with SQLite itself. Never in the daemon: a SQLite library there would hang it. */
final class SqliteFiles {
    private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.ISO_8859_1);
    private static final int BUSY_MILLIS = 30_000;

    private SqliteFiles() {}

    /**
     * Checks a database file, reading all of it.
     *
     * @throws CliException with {@link ExitCode#DATA_WRONG} if it is none or is damaged
     */
    static void check(Path file) throws IOException {
        if (Files.size(file) > 0) {
            try (InputStream in = Files.newInputStream(file)) {
                if (!Arrays.equals(in.readNBytes(MAGIC.length), MAGIC)) {
                    throw new CliException(
                            ExitCode.DATA_WRONG,
                            file.toString(),
                            "is not a SQLite database",
                            "an encrypted one is copied into the mount with cp");
                }
            }
        }
        try (Connection connection = open(file, true);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("PRAGMA integrity_check(3)")) {
            StringBuilder said = new StringBuilder();
            while (rows.next()) {
                said.append(said.length() == 0 ? "" : "; ").append(rows.getString(1));
            }
            if (!said.toString().equals("ok")) {
                throw damaged(file, said.toString());
            }
        } catch (SQLException e) {
            throw damaged(file, String.valueOf(e.getMessage()));
        }
    }

    private static CliException damaged(Path file, String said) {
        return new CliException(
                ExitCode.DATA_WRONG,
                file.toString(),
                "integrity_check says: " + said,
                "repair it with '.recover' of the sqlite3 shell, or use an older copy");
    }

    /**
     * Replaces a database's content with a file's, in one transaction; makes the database if there is none.
     *
     * @param what the command, for messages
     */
    static void copyInto(Path file, Path target, String what) {
        String quoted = file.toAbsolutePath().toString().replace("\"", "\"\"");
        try (Connection connection = open(target, false);
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("restore from \"" + quoted + "\"");
        } catch (SQLException e) {
            boolean busy = e instanceof SQLiteException sqlite
                    && (sqlite.getResultCode() == SQLiteErrorCode.SQLITE_BUSY
                            || sqlite.getResultCode() == SQLiteErrorCode.SQLITE_LOCKED);
            boolean pageSize =
                    e instanceof SQLiteException sqlite && sqlite.getResultCode() == SQLiteErrorCode.SQLITE_READONLY;
            String next = busy
                    ? "end the transactions of the apps that use it, and try again"
                    : pageSize
                            ? "a WAL database takes a file of its own page size only: run 'PRAGMA journal_mode=DELETE' on it"
                                    + " first"
                            : "see 'ltxfs status'";
            throw new CliException(ExitCode.FAILED, what, String.valueOf(e.getMessage()), next, e);
        }
    }

    private static Connection open(Path file, boolean readOnly) throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setReadOnly(readOnly);
        config.setBusyTimeout(BUSY_MILLIS);
        Properties properties = config.toProperties();
        return JDBC.createConnection(JDBC.PREFIX + file.toAbsolutePath(), properties);
    }
}
