package io.ltxfs.fusefs.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The mounts that this process sees, from {@code /proc/self/mountinfo} (proc(5)). */
public final class MountTable {
    private static final Path SELF = Path.of("/proc/self/mountinfo");

    private final List<Mount> mounts;

    private MountTable(List<Mount> mounts) {
        this.mounts = mounts;
    }

    /**
     * One mount.
     *
     * @param minor of the device number; for FUSE the number of the connection
     * @param type as {@code ext4} or {@code fuse.ltxfs}
     */
    public record Mount(int major, int minor, String mountPoint, String type, String source) {}

    /** Reads the table. @throws IOException if proc is not mounted */
    public static MountTable read() throws IOException {
        return parse(Files.readString(SELF, StandardCharsets.ISO_8859_1));
    }

    /** Parses the text of a mountinfo file whose bytes are given as ISO-8859-1. */
    static MountTable parse(String mountInfo) {
        List<Mount> mounts = new ArrayList<>();
        for (String line : mountInfo.split("\n")) {
            String[] fields = line.split(" ");
            int separator = 6;
            while (separator < fields.length && !fields[separator].equals("-")) {
                separator++;
            }
            if (separator + 2 < fields.length) {
                String[] device = fields[2].split(":");
                mounts.add(new Mount(
                        Integer.parseInt(device[0]),
                        Integer.parseInt(device[1]),
                        unescape(fields[4]),
                        fields[separator + 1],
                        unescape(fields[separator + 2])));
            }
        }
        return new MountTable(List.copyOf(mounts));
    }

    /** All mounts, in the order they were made; a later one hides an earlier one at the same path. */
    public List<Mount> all() {
        return mounts;
    }

    /** What is mounted at exactly this absolute path; the uppermost, if there are several. */
    public Optional<Mount> at(Path mountPoint) {
        String path = mountPoint.toString();
        Optional<Mount> found = Optional.empty();
        for (Mount mount : mounts) {
            if (mount.mountPoint().equals(path)) {
                found = Optional.of(mount);
            }
        }
        return found;
    }

    /** Space, tab, newline and backslash are written as a backslash and three octal digits. */
    private static String unescape(String field) {
        byte[] bytes = field.getBytes(StandardCharsets.ISO_8859_1);
        int length = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\\' && i + 3 < bytes.length) {
                bytes[length++] = (byte) Integer.parseInt(new String(bytes, i + 1, 3, StandardCharsets.ISO_8859_1), 8);
                i += 3;
            } else {
                bytes[length++] = bytes[i];
            }
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
