package io.ltxfs.objectstore.directory;

import java.nio.file.Path;

/**
 * Where an object is in the directory.
 *
 * @param key the object's key
 * @param directory in which its file is
 * @param file its bytes, and nothing else
 * @param hidden the directory beside it for what is not an object: see {@link SidecarFiles}
 * @param sidecar what belongs to the file's content
 * @param next what will belong to it when a replacement is done
 */
record Place(String key, Path directory, Path file, Path hidden, Path sidecar, Path next) {
    /** The name of hidden directories. Litestream passes over it: no LTX file has such a name. */
    static final String HIDDEN = ".ltxfs-store";

    static final String SIDECAR_PREFIX = "m-";
    static final String NEXT_PREFIX = "n-";

    static Place of(String key, Path file) {
        Path directory = file.resolveSibling(".").normalize();
        Path hidden = directory.resolve(HIDDEN);
        String name = file.getFileName().toString();
        return new Place(
                key,
                directory,
                file,
                hidden,
                hidden.resolve(SIDECAR_PREFIX + name),
                hidden.resolve(NEXT_PREFIX + name));
    }
}
