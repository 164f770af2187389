package io.ltxfs.objectstore;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** URLs of directories. */
public final class FileUrl {
    private static final String SCHEME = "file:";

    private FileUrl() {}

    /**
     * The path of a {@code file:} URL, decoded.
     *
     * @throws IllegalArgumentException if it is none, naming the part
     */
    public static String path(String url) {
        String rest = url.substring(SCHEME.length());
        if (rest.startsWith("//")) {
            int slash = rest.indexOf('/', 2);
            String host = rest.substring(2, slash < 0 ? rest.length() : slash);
            if (!host.isEmpty() && !host.equals("localhost")) {
                throw new IllegalArgumentException("'" + url + "' names the host '" + host
                        + "': a directory on this machine has three slashes, file:///" + rest.substring(2));
            }
            rest = slash < 0 ? "" : rest.substring(slash);
        }
        if (!rest.startsWith("/")) {
            throw new IllegalArgumentException("'" + url + "' has no absolute path: write file:///absolute/directory");
        }
        if (rest.indexOf('?') >= 0 || rest.indexOf('#') >= 0) {
            throw new IllegalArgumentException(
                    "'" + url + "' has options, and a directory has none: write '?' and '#' of a name as %3F and %23");
        }
        return decode(url, rest);
    }

    /** The URL of a directory, the reverse of {@link #path}. */
    public static String of(String path) {
        return SCHEME + path.replace("%", "%25").replace("?", "%3F").replace("#", "%23");
    }

    private static String decode(String url, String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '%') {
                int high = i + 2 <= bytes.length - 1 ? Character.digit(bytes[i + 1], 16) : -1;
                int low = i + 2 <= bytes.length - 1 ? Character.digit(bytes[i + 2], 16) : -1;
                if (high < 0 || low < 0) {
                    throw new IllegalArgumentException(
                            "'" + url + "' has a '%' that is not followed by two hexadecimal digits: write it as %25");
                }
                out.write(high << 4 | low);
                i += 2;
            } else {
                out.write(bytes[i]);
            }
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
