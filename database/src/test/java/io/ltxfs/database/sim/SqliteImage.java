package io.ltxfs.database.sim;

import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.PageChecksum;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.sqlite.SQLiteConnection;

/** The bytes of a database, judged by SQLite and by hashes that the recorder computes in the same way. */
public final class SqliteImage {
    /** The state of a database without tables, or without a file. */
    public static final String EMPTY = hash(new byte[0]);

    private static final int HEADER = 100;
    private static final Map<String, String> STATES = new HashMap<>();

    private SqliteImage() {}

    public static int pageSize(byte[] image) {
        int size = image.length < HEADER ? 0 : ByteBuffer.wrap(image).getShort(16) & 0xffff;
        return size == 1 ? 65536 : size;
    }

    /** The LTX checksum of a database. */
    public static long checksum(byte[] image) {
        int pageSize = pageSize(image);
        long checksum = PageChecksum.EMPTY;
        for (int pgno = 1; pageSize > 0 && pgno <= image.length / pageSize; pgno++) {
            if (pgno != LockPage.pgno(pageSize)) {
                checksum = PageChecksum.toggle(checksum, PageChecksum.of(pgno, image, (pgno - 1) * pageSize, pageSize));
            }
        }
        return checksum;
    }

    /** A hash of the bytes, pages of the free list taken as zero; {@link Mark#NONE} for no bytes. */
    public static String imageHash(byte[] image) {
        return image.length == 0 ? Mark.NONE : hash(withoutFreePages(image));
    }

    /**
     * A hash of what the tables hold, after SQLite's integrity check.
     *
     * @return the hash, or what is wrong, beginning with {@code INTEGRITY} or {@code ERROR}
     */
    public static String state(byte[] image) {
        if (image.length == 0) {
            return EMPTY;
        }
        String key = imageHash(image);
        synchronized (STATES) {
            return STATES.computeIfAbsent(key, k -> ask(image));
        }
    }

    private static byte[] withoutFreePages(byte[] image) {
        int pageSize = pageSize(image);
        if (pageSize < 512) {
            return image;
        }
        byte[] copy = image.clone();
        ByteBuffer pages = ByteBuffer.wrap(copy);
        Set<Integer> seen = new HashSet<>();
        int trunk = pages.getInt(32);
        while (trunk > 0 && (long) trunk * pageSize <= copy.length && seen.add(trunk)) {
            int start = (trunk - 1) * pageSize;
            int count = Math.min(pages.getInt(start + 4), pageSize / 4 - 2);
            for (int i = 0; i < count; i++) {
                int leaf = pages.getInt(start + 8 + 4 * i);
                if (leaf > 0 && (long) leaf * pageSize <= copy.length) {
                    Arrays.fill(copy, (leaf - 1) * pageSize, leaf * pageSize, (byte) 0);
                }
            }
            trunk = pages.getInt(start);
        }
        return copy;
    }

    private static String ask(byte[] image) {
        byte[] copy = image.clone();
        if (copy.length >= HEADER) {
            // A database in memory has no WAL.
            copy[18] = 1;
            copy[19] = 1;
        }
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                Statement statement = connection.createStatement()) {
            connection.unwrap(SQLiteConnection.class).deserialize("main", copy);
            List<String> check = column(statement, "pragma integrity_check", 1);
            if (!check.equals(List.of("ok"))) {
                return "INTEGRITY " + check.get(0);
            }
            StringBuilder rows = new StringBuilder();
            String query =
                    "select name,sql from sqlite_master where type='table' and name not like 'sqlite_%' order by 1";
            List<String> names = column(statement, query, 1);
            List<String> sqls = column(statement, query, 2);
            for (int i = 0; i < names.size(); i++) {
                rows.append(names.get(i)).append('\n').append(sqls.get(i)).append('\n');
                StringBuilder quoted = new StringBuilder("rowid");
                for (String column : column(statement, "pragma table_info(" + names.get(i) + ")", 2)) {
                    quoted.append("||'|'||quote(\"").append(column).append("\")");
                }
                for (String row :
                        column(statement, "select " + quoted + " from " + names.get(i) + " order by rowid", 1)) {
                    rows.append(row).append('\n');
                }
            }
            return hash(rows.toString().getBytes(StandardCharsets.UTF_8));
        } catch (SQLException e) {
            return "ERROR " + e.getMessage();
        }
    }

    private static List<String> column(Statement statement, String query, int column) throws SQLException {
        List<String> values = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                values.add(rows.getString(column));
            }
        }
        return values;
    }

    private static String hash(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
