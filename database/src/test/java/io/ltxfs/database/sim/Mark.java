package io.ltxfs.database.sim;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a recorded application was told at a point of its trace; the kinds are described in
 * {@code src/test/recorder/app.py}.
 *
 * @param states hashes of what the tables of a database hold, by database
 * @param images hashes of a database's bytes, by database; {@code none} of one that is not there
 */
public record Mark(String kind, Map<String, String> fields, Map<String, String> states, Map<String, String> images) {
    public static final String NONE = "none";

    public static Mark parse(byte[] text) {
        String[] words = new String(text, StandardCharsets.UTF_8).split(" ");
        Mark mark = new Mark(words[0], new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
        for (int i = 1; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            String key = words[i].substring(0, equals);
            String value = words[i].substring(equals + 1);
            if (key.startsWith("st:")) {
                mark.states.put(key.substring(3), value);
            } else if (key.startsWith("img:")) {
                mark.images.put(key.substring(4), value);
            } else {
                mark.fields.put(key, value);
            }
        }
        return mark;
    }

    public boolean is(String flag) {
        return "1".equals(fields.get(flag));
    }
}
