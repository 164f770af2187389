package io.ltxfs.node.config;

import io.ltxfs.node.config.ValueType.WrongValue;
import io.ltxfs.objectstore.FileUrl;
import io.ltxfs.objectstore.s3.S3Url;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where objects are kept: {@code file:///abs/dir}, {@code s3://bucket/prefix?…}, or nowhere.
 *
 * @param text the URL as it is shown; empty for nowhere
 * @param directory the directory of a {@code file:} URL
 */
public record StoreUrl(String text, Optional<Path> directory) {
    private static final StoreUrl NONE = new StoreUrl("", Optional.empty());

    /** Whether there is no store. */
    public boolean isNone() {
        return text.isEmpty();
    }

    /** The store in a directory. */
    static StoreUrl ofDirectory(Path directory) {
        Path absolute = directory.toAbsolutePath().normalize();
        return new StoreUrl(FileUrl.of(absolute.toString()), Optional.of(absolute));
    }

    static StoreUrl parse(String text, String none) throws WrongValue {
        if (text.equals(none)) {
            return NONE;
        }
        if (text.startsWith("/")) {
            return ofDirectory(Path.of(text));
        }
        if (text.startsWith("file:")) {
            try {
                return ofDirectory(Path.of(FileUrl.path(text)));
            } catch (IllegalArgumentException e) {
                throw new WrongValue(String.valueOf(e.getMessage()));
            }
        }
        if (text.startsWith("s3://")) {
            try {
                S3Url.parse(text);
            } catch (IllegalArgumentException e) {
                throw new WrongValue(String.valueOf(e.getMessage()));
            }
            return new StoreUrl(text, Optional.empty());
        }
        throw new WrongValue("'" + text + "' is not a store's URL");
    }
}
