package io.ltxfs.archive;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Copies an object within a store, with metadata and time. Stores have no copy of their own that all of them know. */
public final class ObjectCopy {
    private ObjectCopy() {}

    /**
     * Copies an object to a key where nothing is, or this very copy: done again after a cut, it does nothing.
     *
     * @param object as {@link ObjectStore#head} gives it, with its metadata
     * @throws ArchiveException (FOREIGN) if something else is there
     */
    public static void copy(ObjectStore store, ObjectInfo object, String target) throws IOException {
        try {
            store.put(
                    target,
                    new Body(store, object),
                    PutOptions.create().with(object.metadata()).modifiedAt(object.modified()));
        } catch (StoreException e) {
            if (e.kind() != StoreException.Kind.PRECONDITION_FAILED) {
                throw e;
            }
            ObjectInfo there = store.head(target);
            if (there.size() != object.size() || !there.metadata().equals(object.metadata())) {
                throw new ArchiveException(
                        ArchiveException.Kind.FOREIGN,
                        store.describe(target) + " is there already and is not " + store.describe(object.key())
                                + ": move what is in that directory to another place, and try again");
            }
        }
    }

    /** An object of a store as what is put. */
    private record Body(ObjectStore store, ObjectInfo object) implements ObjectBody {
        @Override
        public long size() {
            return object.size();
        }

        @Override
        public InputStream open() throws IOException {
            ObjectContent content = store.get(object.key());
            return new FilterInputStream(content.stream()) {
                @Override
                public void close() throws IOException {
                    content.close();
                }
            };
        }
    }
}
