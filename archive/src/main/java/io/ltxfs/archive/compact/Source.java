package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectStore;
import java.io.Closeable;
import java.io.IOException;

/**
 * An object of a level that is being read.
 *
 * @param facts what its metadata says
 * @param reader at its first page
 */
record Source(LtxObject object, ObjectFacts facts, LtxReader reader) implements Closeable {
    /**
     * Opens an object.
     *
     * @throws ArchiveException if it is damaged, or not what its name says
     */
    static Source open(DatabaseArchive database, LtxObject object) throws IOException {
        ObjectStore store = database.store();
        ObjectContent content = store.get(object.key());
        try {
            ObjectFacts facts = ObjectFacts.of(content.info(), store.describe(object.key()));
            LtxReader reader = LtxReader.open(content.stream(), content.info().size());
            LtxHeader header = reader.header();
            if (header.minTxid() != object.minTxid() || header.maxTxid() != object.maxTxid()) {
                throw damaged(store, object.key(), "its header says " + header.fileName());
            }
            return new Source(object, facts, reader);
        } catch (LtxFormatException e) {
            content.close();
            throw damaged(store, object.key(), String.valueOf(e.getMessage()));
        } catch (IOException | RuntimeException e) {
            content.close();
            throw e;
        }
    }

    static ArchiveException damaged(ObjectStore store, String key, String why) {
        return new ArchiveException(
                ArchiveException.Kind.DAMAGED,
                store.describe(key) + ": the object is damaged: " + why
                        + "; 'ltxfs archive verify' says what can be restored");
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
