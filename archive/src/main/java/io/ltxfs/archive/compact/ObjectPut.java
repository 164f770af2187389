package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.upload.Spool;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.time.Instant;

/** Puts objects that are created once. */
final class ObjectPut {
    private final ObjectStore store;

    ObjectPut(DatabaseArchive database) {
        this.store = database.store();
    }

    /** Reads an object back. */
    @FunctionalInterface
    interface ReadBack {
        /** What its metadata says, once all of it was read and found right. */
        ObjectFacts verify() throws IOException;
    }

    /**
     * Puts an object and reads it back. One that is there already and holds the same transactions with the same checksums
     * is an earlier try of this process, or of another one.
     *
     * @return whether it was put now
     * @throws ArchiveException {@link ArchiveException.Kind#FOREIGN} if something else is there;
     *     {@link ArchiveException.Kind#DAMAGED} if what was read back is not what was put: then it is not there any more
     */
    boolean put(String key, Spool.Item content, ObjectFacts facts, ReadBack readBack) throws IOException {
        PutOptions options = PutOptions.create()
                .with(facts.toMetadata())
                .modifiedAt(facts.timestamp().orElse(Instant.EPOCH));
        boolean created = true;
        try {
            store.put(key, content.body(), options);
        } catch (StoreException e) {
            if (e.kind() != StoreException.Kind.PRECONDITION_FAILED && !e.outcomeUnknown()) {
                throw e;
            }
            created = false;
            if (e.outcomeUnknown() && !isThere(key)) {
                throw e;
            }
        }
        ObjectFacts found;
        try {
            found = readBack.verify();
        } catch (ArchiveException e) {
            // Nothing relies on it yet: what was put a moment ago may go, and be made again.
            if (created && e.kind() == ArchiveException.Kind.DAMAGED) {
                store.delete(key);
            }
            throw e;
        }
        if (!found.lineage().equals(facts.lineage())
                || found.preChecksum() != facts.preChecksum()
                || found.postChecksum() != facts.postChecksum()) {
            throw new ArchiveException(
                    ArchiveException.Kind.FOREIGN,
                    store.describe(key) + ": is there with other transactions than the objects that it would join;"
                            + " two histories were archived in one place, see 'ltxfs archive verify'");
        }
        return created;
    }

    private boolean isThere(String key) throws IOException {
        try {
            store.head(key);
            return true;
        } catch (StoreException e) {
            if (e.kind() == StoreException.Kind.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }
}
