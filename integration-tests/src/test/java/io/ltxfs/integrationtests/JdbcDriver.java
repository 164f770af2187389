package io.ltxfs.integrationtests;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Run in a JVM of its own with DB and MODE: what every driver's program does, by sqlite-jdbc. */
final class JdbcDriver {
    private JdbcDriver() {}

    public static void main(String[] args) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + args[0]);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode=" + args[1]);
            statement.execute("CREATE TABLE d(n INTEGER PRIMARY KEY, a TEXT)");
            for (int n = 1; n <= 5; n++) {
                statement.execute("INSERT INTO d VALUES(" + n + ", 'jdbc')");
            }
            try (ResultSet rows = statement.executeQuery("SELECT sqlite_version() || ' ' || sum(n) FROM d")) {
                rows.next();
                System.out.println(rows.getString(1));
            }
        }
    }
}
