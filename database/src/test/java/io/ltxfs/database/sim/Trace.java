package io.ltxfs.database.sim;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * A recorded workload. The file is gzip: one line of text (name, mode, SQLite version), then the records, each a head of
 * {@link #HEAD} bytes (kind u8, pid i32, fd i32, offset i64, path length u16, data length u32, little-endian), the path
 * and the data.
 *
 * @param mode what its settings promise: {@code rb_} or {@code wal_} and {@code off}, {@code normal}, {@code full} or
 *     {@code extra}, or {@code adopt} for writes without a journal
 */
public record Trace(String name, String mode, List<TraceRecord> records) {
    public static final int HEAD = 23;

    /** Loads one of the traces among the test resources. */
    public static Trace load(String name) throws IOException {
        try (InputStream file = Trace.class.getResourceAsStream("traces/" + name + ".trace.gz")) {
            if (file == null) {
                throw new IOException("there is no trace " + name);
            }
            return read(file);
        }
    }

    /** The names of all traces among the test resources. */
    public static List<String> names() throws IOException {
        try (InputStream list = Trace.class.getResourceAsStream("traces/INDEX")) {
            if (list == null) {
                throw new IOException("the traces' INDEX is missing");
            }
            return new String(list.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
    }

    public static Trace read(InputStream file) throws IOException {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(new GZIPInputStream(file)))) {
            StringBuilder line = new StringBuilder();
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    throw new EOFException("no header");
                }
                line.append((char) c);
            }
            String[] words = line.toString().split(" ");
            List<TraceRecord> records = new ArrayList<>();
            byte[] head = new byte[HEAD];
            while (in.readNBytes(head, 0, HEAD) == HEAD) {
                ByteBuffer fields = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
                char kind = (char) fields.get();
                int pid = fields.getInt();
                int fd = fields.getInt();
                long offset = fields.getLong();
                byte[] path = new byte[fields.getShort() & 0xffff];
                byte[] data = new byte[fields.getInt()];
                in.readFully(path);
                in.readFully(data);
                records.add(new TraceRecord(kind, pid, fd, offset, new String(path, StandardCharsets.UTF_8), data));
            }
            return new Trace(words[0], words[1], records);
        }
    }
}
