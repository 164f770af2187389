package io.ltxfs.archive.verify;

/**
 * Something that is wrong in an archive.
 *
 * @param key of the object; what it lies below if there is no object
 * @param text what is wrong, without the object's name
 * @param unusable whether nothing of the object can be relied on
 */
public record Problem(String key, String text, boolean unusable) {
    static Problem damaged(String key, String text) {
        return new Problem(key, text, true);
    }

    static Problem misplaced(String key, String text) {
        return new Problem(key, text, false);
    }
}
