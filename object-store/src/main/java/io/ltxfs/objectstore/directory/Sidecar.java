package io.ltxfs.objectstore.directory;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * What the store knows of one content of an object beyond its bytes. As a file it is lines of text:
 *
 * <pre>
 * ltxfs-object 1
 * size 5321
 * print 8f0c…            (see {@link ContentPrint})
 * etag 8f0c…
 * modified 2026-11-21T17:13:53.123Z
 * meta ltxfs-lineage 5d41…
 * end 1c291ca3           (CRC-32C of everything before this line)
 * </pre>
 *
 * @param size of the content in bytes
 * @param print what the content is recognised by
 * @param etag hash of the whole content
 * @param modified when it was put, or what the put said
 * @param metadata of the object
 */
record Sidecar(long size, String print, String etag, Instant modified, Map<String, String> metadata) {
    private static final String FIRST_LINE = "ltxfs-object 1";
    private static final String END = "end ";

    Sidecar {
        metadata = Map.copyOf(metadata);
    }

    byte[] encode() {
        StringBuilder text = new StringBuilder(256);
        text.append(FIRST_LINE).append('\n');
        text.append("size ").append(size).append('\n');
        text.append("print ").append(print).append('\n');
        text.append("etag ").append(etag).append('\n');
        text.append("modified ").append(modified).append('\n');
        new TreeMap<>(metadata)
                .forEach((key, value) -> text.append("meta ")
                        .append(key)
                        .append(' ')
                        .append(value)
                        .append('\n'));
        String checksum = checksum(text);
        text.append(END).append(checksum).append('\n');
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Reads the file's text.
     *
     * @throws IOException if it is not one that was written whole
     */
    static Sidecar decode(byte[] bytes) throws IOException {
        String text = new String(bytes, StandardCharsets.US_ASCII);
        int end = text.lastIndexOf('\n' + END) + 1;
        if (end == 0 || !text.startsWith(FIRST_LINE + '\n')) {
            throw new IOException("not the description of an object, or of a newer ltxfs");
        }
        if (!text.substring(end).equals(END + checksum(text.substring(0, end)) + '\n')) {
            throw new IOException("its checksum is wrong");
        }
        Map<String, String> fields = new TreeMap<>();
        Map<String, String> metadata = new TreeMap<>();
        text.substring(FIRST_LINE.length() + 1, end).lines().forEach(line -> {
            String[] words = line.split(" ", 3);
            if (words[0].equals("meta") && words.length == 3) {
                metadata.put(words[1], words[2]);
            } else if (words.length == 2) {
                fields.put(words[0], words[1]);
            }
        });
        try {
            return new Sidecar(
                    Long.parseLong(field(fields, "size")),
                    field(fields, "print"),
                    field(fields, "etag"),
                    Instant.parse(field(fields, "modified")),
                    metadata);
        } catch (NumberFormatException | DateTimeException e) {
            throw new IOException("not the description of an object: " + e.getMessage(), e);
        }
    }

    private static String field(Map<String, String> fields, String name) throws IOException {
        String value = fields.get(name);
        if (value == null) {
            throw new IOException("not the description of an object: it has no '" + name + "'");
        }
        return value;
    }

    private static String checksum(CharSequence text) {
        CRC32C crc = new CRC32C();
        crc.update(text.toString().getBytes(StandardCharsets.US_ASCII));
        return String.format("%08x", crc.getValue());
    }
}
