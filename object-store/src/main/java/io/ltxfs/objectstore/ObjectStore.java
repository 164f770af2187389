package io.ltxfs.objectstore;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Objects by key, as S3 has them. Keys are paths of Unicode text with {@code /} between their parts, relative to the
 * place that the store's URL names; they never begin or end with {@code /}, and no part is empty, {@code .} or
 * {@code ..}. An object appears whole or not at all, and is durable when its put has returned. Reads and lists see
 * every put and delete that has returned.
 *
 * <p>For use by many threads at once. Every call ends within the store's timeouts.
 */
public interface ObjectStore extends AutoCloseable {

    /**
     * Puts an object.
     *
     * @return its ETag
     * @throws StoreException {@link StoreException.Kind#PRECONDITION_FAILED} if the condition does not hold;
     *     {@link StoreException.Kind#CONFLICT} if another put was under way, nothing was stored; any other failure whose
     *     {@link StoreException#outcomeUnknown} is set may have stored the object
     */
    String put(String key, ObjectBody body, PutOptions options) throws StoreException;

    /**
     * Says what an object is.
     *
     * @throws StoreException {@link StoreException.Kind#NOT_FOUND} if there is none
     */
    ObjectInfo head(String key) throws StoreException;

    /**
     * Opens an object from its first byte. The caller closes it.
     *
     * @throws StoreException {@link StoreException.Kind#NOT_FOUND} if there is none
     */
    ObjectContent get(String key) throws StoreException;

    /**
     * Opens a range of an object; one that reaches beyond the end is cut there. The caller closes it.
     *
     * @param offset of the first byte, 0 or more; negative counts from the end: {@code -32768} is the last 32 KiB, or
     *     all of a smaller object
     * @param length in bytes, 1 or more
     * @throws StoreException {@link StoreException.Kind#NOT_FOUND} if there is no object;
     *     {@link StoreException.Kind#RANGE} if it ends before {@code offset}
     */
    ObjectContent get(String key, long offset, long length) throws StoreException;

    /**
     * Lists objects in ascending order of the key's UTF-8 bytes, at most a page of them.
     *
     * @param prefix what keys begin with, any text; empty for all
     * @param startAfter only keys greater than this one, which need not exist; empty for all
     */
    ListPage list(String prefix, String startAfter) throws StoreException;

    /**
     * The names directly below a prefix that have objects below them, as the directories of a file system: with
     * {@code a/b/c} stored, {@code children("a/")} holds {@code b}. Ascending.
     *
     * @param prefix empty, or ending with {@code /}
     */
    List<String> children(String prefix) throws StoreException;

    /** Deletes an object; one that is not there is none the less deleted. */
    void delete(String key) throws StoreException;

    /** Deletes many objects, in as few requests as the store allows. After a failure some may be left. */
    void deleteAll(Collection<String> keys) throws StoreException;

    /** The store as people write it: its URL without secrets. */
    String describe();

    /** An object as people write it: the store's URL and the key. */
    String describe(String key);

    /** Whether the store is on this machine: reading it costs no network. */
    boolean isLocal();

    /** The directory that the store is in; empty if it is none of this machine's. */
    default Optional<Path> directory() {
        return Optional.empty();
    }

    /**
     * The file that has an object's bytes and nothing else, for those who read ranges of it at the disk's speed. Whether
     * it is there is not looked at.
     *
     * @return empty where objects are no files
     */
    default Optional<Path> file(String key) {
        return Optional.empty();
    }

    @Override
    void close();
}
