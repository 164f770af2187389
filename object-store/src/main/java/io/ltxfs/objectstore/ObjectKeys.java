package io.ltxfs.objectstore;

import java.util.Comparator;

/** The rules of keys: which text is one, and the order of lists. */
public final class ObjectKeys {
    /** The order of lists: that of the keys' UTF-8 bytes, which for text is the order of its code points. */
    public static final Comparator<String> ORDER = ObjectKeys::compare;

    private ObjectKeys() {}

    /**
     * Returns the key.
     *
     * @throws IllegalArgumentException if it is none, naming what is wrong
     */
    public static String check(String key) {
        if (key.isEmpty()) {
            throw new IllegalArgumentException("an object's key must not be empty");
        }
        int start = 0;
        for (int i = 0; i <= key.length(); i++) {
            if (i == key.length() || key.charAt(i) == '/') {
                checkPart(key, start, i);
                start = i + 1;
            } else {
                checkCharacter(key, i);
            }
        }
        return key;
    }

    private static void checkPart(String key, int from, int to) {
        int length = to - from;
        if (length == 0) {
            throw new IllegalArgumentException(
                    "an object's key must have no empty part (no '/' at its begin or end, no '//'): '" + key + "'");
        }
        if (key.charAt(from) == '.' && (length == 1 || length == 2 && key.charAt(from + 1) == '.')) {
            throw new IllegalArgumentException("an object's key must have no part '.' or '..': '" + key + "'");
        }
    }

    private static void checkCharacter(String key, int at) {
        char c = key.charAt(at);
        if (c == 0) {
            throw new IllegalArgumentException("an object's key must have no NUL character: '" + key + "'");
        }
        if (Character.isHighSurrogate(c) && !(at + 1 < key.length() && Character.isLowSurrogate(key.charAt(at + 1)))
                || Character.isLowSurrogate(c) && !(at > 0 && Character.isHighSurrogate(key.charAt(at - 1)))) {
            throw new IllegalArgumentException("an object's key must be whole Unicode text, character " + at
                    + " is half of a surrogate pair: '" + key + "'");
        }
    }

    private static int compare(String a, String b) {
        int length = Math.min(a.length(), b.length());
        for (int i = 0; i < length; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                // Code points past U+FFFF are surrogates in a string, which sort below U+E000 to U+FFFF there.
                boolean pairOfX = Character.isSurrogate(x);
                boolean pairOfY = Character.isSurrogate(y);
                return pairOfX == pairOfY ? Character.compare(x, y) : pairOfX ? 1 : -1;
            }
        }
        return Integer.compare(a.length(), b.length());
    }
}
