package io.ltxfs.objectstore;

import io.ltxfs.objectstore.directory.DirectoryStore;
import io.ltxfs.objectstore.s3.S3Store;
import io.ltxfs.objectstore.s3.S3Url;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;

/** Opens stores by their URLs. */
public final class ObjectStores {
    private static final String FILE = "file:";
    private static final String ALLOWED =
            "a store is file:///absolute/directory, /absolute/directory or s3://bucket/prefix?endpoint=...";

    private ObjectStores() {}

    /**
     * Opens a store: {@code file:///abs/dir}, {@code file:/abs/dir}, {@code /abs/dir}, or
     * {@code s3://bucket/prefix?endpoint=…&region=…&path-style=…}. Makes no request. In a {@code file:} URL what is
     * percent-encoded is decoded; a plain path is taken as it is.
     *
     * @throws IllegalArgumentException if the URL is wrong, naming the part and what is allowed
     */
    public static ObjectStore open(String url) {
        if (url.startsWith("s3:")) {
            return S3Store.open(S3Url.parse(url));
        }
        if (url.startsWith("/")) {
            return directory(url, url);
        }
        if (url.startsWith(FILE)) {
            return directory(url, FileUrl.path(url));
        }
        throw new IllegalArgumentException("'" + url + "' is not a store's URL: " + ALLOWED);
    }

    /**
     * Opens a store for one who would rather hear soon that there is no answer: nothing is asked twice, and in S3 a call
     * gives up after a time.
     *
     * @param timeout for a call; a shorter one in the URL counts
     * @throws IllegalArgumentException as {@link #open}
     */
    public static ObjectStore openImpatient(String url, Duration timeout) {
        return url.startsWith("s3:") ? S3Store.openImpatient(S3Url.parse(url), timeout) : open(url);
    }

    private static ObjectStore directory(String url, String path) {
        try {
            return new DirectoryStore(Path.of(path));
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(
                    "'" + url + "' is not a directory's path here: " + e.getReason() + "; start with LC_ALL=C.UTF-8",
                    e);
        }
    }
}
