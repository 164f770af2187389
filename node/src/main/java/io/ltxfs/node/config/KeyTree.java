package io.ltxfs.node.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Values by dotted key name. Taking in a document refuses names that no key has, and knows the nearest one.
 * Sections may be nested or dotted: {@code archive: {sync: 1s}} is {@code archive.sync: 1s}.
 */
final class KeyTree {
    private final List<String> names;
    private final Map<String, RawValue> values = new LinkedHashMap<>();

    /** Makes an empty one that takes the given dotted names. */
    KeyTree(List<String> names) {
        this.names = List.copyOf(names);
    }

    /** Takes in a mapping; what it names replaces what was there. */
    void putSection(RawValue.Section section) {
        putSection("", section);
    }

    private void putSection(String prefix, RawValue.Section section) {
        for (RawValue.Entry entry : section.entries()) {
            put(prefix + entry.key(), entry.origin(), entry.value());
        }
    }

    /** Takes in a value for a dotted name, which may be a section. */
    void put(String name, String origin, RawValue value) {
        if (names.contains(name)) {
            values.put(name, value);
            return;
        }
        boolean isSection = names.stream().anyMatch(known -> known.startsWith(name + "."));
        if (!isSection) {
            throw unknown(name, origin);
        }
        if (value instanceof RawValue.Section nested) {
            putSection(name + ".", nested);
        } else if (!(value instanceof RawValue.Scalar scalar) || !scalar.text().isEmpty()) {
            throw new ConfigException(
                    origin + ": " + name,
                    "is a section",
                    "write one of its keys: " + String.join(", ", keysBelow(name)));
        }
    }

    /** The value for a name, or empty if none was given. */
    Optional<RawValue> get(String name) {
        return Optional.ofNullable(values.get(name));
    }

    private List<String> keysBelow(String section) {
        return names.stream().filter(known -> known.startsWith(section + ".")).toList();
    }

    private ConfigException unknown(String name, String origin) {
        String nearest = nearest(name);
        return new ConfigException(origin + ": " + name, "is not a key", "the nearest one is " + nearest);
    }

    /** The known name, or section, that takes the fewest changes of letters; a match in the last part counts too. */
    private String nearest(String name) {
        List<String> candidates = new ArrayList<>(names);
        for (String known : names) {
            for (int dot = known.indexOf('.'); dot >= 0; dot = known.indexOf('.', dot + 1)) {
                if (!candidates.contains(known.substring(0, dot))) {
                    candidates.add(known.substring(0, dot));
                }
            }
        }
        String best = candidates.get(0);
        int bestDistance = Integer.MAX_VALUE;
        for (String candidate : candidates) {
            String last = candidate.substring(candidate.lastIndexOf('.') + 1);
            String given = name.substring(name.lastIndexOf('.') + 1);
            int distance = Math.min(distance(name, candidate) * 2, distance(given, last) * 2 + 1);
            if (distance < bestDistance) {
                bestDistance = distance;
                best = candidate;
            }
        }
        return best;
    }

    /** Levenshtein's distance. */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
