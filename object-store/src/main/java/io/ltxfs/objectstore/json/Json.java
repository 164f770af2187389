package io.ltxfs.objectstore.json;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Writes and reads JSON. Objects are maps, whose order is kept; arrays are collections; the rest is text, number,
 * boolean or null. Reading uses the YAML reader, of which JSON is a part.
 */
public final class Json {
    /** The text is in memory already: a list of transactions may be long. */
    private static final LoadSettings SETTINGS = LoadSettings.builder()
            .setLabel("JSON")
            .setCodePointLimit(Integer.MAX_VALUE)
            .build();

    private Json() {}

    /** Writes a value on one line. */
    public static String write(@Nullable Object value) {
        StringBuilder out = new StringBuilder();
        append(out, value, -1);
        return out.toString();
    }

    /** Writes a value over several lines, for people. */
    public static String writePretty(@Nullable Object value) {
        StringBuilder out = new StringBuilder();
        append(out, value, 0);
        return out.append('\n').toString();
    }

    /**
     * Reads an object.
     *
     * @throws IllegalArgumentException if the text is none
     */
    public static Map<String, Object> readObject(String text) {
        Object value;
        try {
            value = new Load(SETTINGS).loadFromString(text);
        } catch (YamlEngineException e) {
            throw new IllegalArgumentException("not JSON: " + e.getMessage(), e);
        }
        return object(value);
    }

    /** The object that a value is; an empty one if it is none. */
    @SuppressWarnings("unchecked")
    public static Map<String, Object> object(@Nullable Object value) {
        return value instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
    }

    /** The array that a value is; an empty one if it is none. */
    @SuppressWarnings("unchecked")
    public static List<Object> array(@Nullable Object value) {
        return value instanceof List<?> list ? (List<Object>) list : List.of();
    }

    private static void append(StringBuilder out, @Nullable Object value, int depth) {
        if (value instanceof Map<?, ?> map) {
            appendObject(out, map, depth);
        } else if (value instanceof Collection<?> collection) {
            appendArray(out, collection, depth);
        } else if (value instanceof Number || value instanceof Boolean || value == null) {
            out.append(value);
        } else {
            appendText(out, value.toString());
        }
    }

    private static void appendObject(StringBuilder out, Map<?, ?> map, int depth) {
        out.append('{');
        String separator = "";
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            out.append(separator);
            newLine(out, depth, 1);
            appendText(out, String.valueOf(entry.getKey()));
            out.append(depth < 0 ? ":" : ": ");
            append(out, entry.getValue(), depth < 0 ? depth : depth + 1);
            separator = ",";
        }
        if (!map.isEmpty()) {
            newLine(out, depth, 0);
        }
        out.append('}');
    }

    private static void appendArray(StringBuilder out, Collection<?> values, int depth) {
        out.append('[');
        String separator = "";
        for (Object value : values) {
            out.append(separator);
            newLine(out, depth, 1);
            append(out, value, depth < 0 ? depth : depth + 1);
            separator = ",";
        }
        if (!values.isEmpty()) {
            newLine(out, depth, 0);
        }
        out.append(']');
    }

    private static void newLine(StringBuilder out, int depth, int more) {
        if (depth >= 0) {
            out.append('\n').append("  ".repeat(depth + more));
        }
    }

    private static void appendText(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20 || c == 0x7f || Character.isSurrogate(c) && !isPaired(text, i)) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static boolean isPaired(String text, int at) {
        return Character.isHighSurrogate(text.charAt(at))
                ? at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1))
                : at > 0 && Character.isHighSurrogate(text.charAt(at - 1));
    }
}
