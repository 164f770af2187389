package io.ltxfs.database.posix;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The layout of {@code struct linux_dirent64} (getdents64(2)). */
final class DirectoryRecords {
    private static final int INO = 0;
    private static final int RECORD_BYTES = 16;
    private static final int TYPE = 18;
    private static final int NAME = 19;

    private DirectoryRecords() {}

    static void parse(ByteBuffer buffer, int bytes, List<DirectoryEntry> into) {
        for (int at = 0; at < bytes; at += buffer.getShort(at + RECORD_BYTES) & 0xffff) {
            int end = at + NAME;
            while (buffer.get(end) != 0) {
                end++;
            }
            byte[] name = new byte[end - at - NAME];
            for (int i = 0; i < name.length; i++) {
                name[i] = buffer.get(at + NAME + i);
            }
            DirectoryEntry entry = entry(name, buffer.getLong(at + INO), (buffer.get(at + TYPE) & 0xff) << 12);
            if (!entry.name().equals(".") && !entry.name().equals("..")) {
                into.add(entry);
            }
        }
    }

    private static DirectoryEntry entry(byte[] name, long ino, int type) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(name))
                    .toString();
            return new DirectoryEntry(text, ino, type, true);
        } catch (CharacterCodingException notUtf8) {
            return new DirectoryEntry(new String(name, StandardCharsets.UTF_8), ino, type, false);
        }
    }
}
