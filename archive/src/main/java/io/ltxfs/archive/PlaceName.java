package io.ltxfs.archive;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The place of a database in the archive: its name, where a store can hold it. What a store cannot hold, or what would
 * look like one of our own names, is percent-encoded, and so is a {@code %} that would look like such a code.
 */
public final class PlaceName {
    /**
     * Parts that mean something below the place of another database, that are a directory store's own, and those that no
     * path can have.
     */
    private static final Pattern OURS = Pattern.compile(
            "ltx|bundles|lineages|ltxfs\\.json|generations|lock\\.json|[0-9a-fA-F]{4}|\\.ltxfs-store|\\.|\\.\\.");

    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private PlaceName() {}

    /** The place of a database. */
    public static String of(String database) {
        return Arrays.stream(database.split("/", -1)).map(PlaceName::encode).collect(Collectors.joining("/"));
    }

    /** The database whose place it is. */
    public static String database(String place) {
        return Arrays.stream(place.split("/", -1)).map(PlaceName::decode).collect(Collectors.joining("/"));
    }

    private static String encode(String part) {
        if (OURS.matcher(part).matches()) {
            return "%" + HEX.toHexDigits((byte) part.charAt(0)) + part.substring(1);
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < part.length(); ) {
            int c = part.codePointAt(i);
            if (isUnfit(c) || c == '%' && isCode(part, i)) {
                for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                    out.append('%').append(HEX.toHexDigits(b));
                }
            } else {
                out.appendCodePoint(c);
            }
            i += Character.charCount(c);
        }
        return out.toString();
    }

    /** What S3's answers, which are XML, cannot carry. */
    private static boolean isUnfit(int c) {
        return Character.isISOControl(c) || c == 0xfffe || c == 0xffff;
    }

    private static boolean isCode(String text, int at) {
        return at + 2 < text.length()
                && HexFormat.isHexDigit(text.charAt(at + 1))
                && HexFormat.isHexDigit(text.charAt(at + 2));
    }

    private static String decode(String part) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < part.length(); ) {
            if (part.charAt(i) == '%' && isCode(part, i)) {
                out.write(HexFormat.fromHexDigits(part, i + 1, i + 3));
                i += 3;
            } else {
                int c = part.codePointAt(i);
                out.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
                i += Character.charCount(c);
            }
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
