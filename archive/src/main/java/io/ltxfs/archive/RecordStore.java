package io.ltxfs.archive;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Reads and changes the record of a database. A change is a conditional put upon what was read; when somebody else was
 * faster, or nobody knows, what is there is read and the change made of that.
 */
final class RecordStore {
    /** Far more than anybody loses in a row, unless the store's conditions do not work. */
    private static final int TRIES_MAX = 20;

    private static final int PAUSE_MILLIS_MAX = 500;

    /** Some thousand epochs. */
    private static final int SIZE_MAX = 4 * 1024 * 1024;

    private record Stored(DatabaseRecord record, byte[] bytes, String etag) {}

    private RecordStore() {}

    static Optional<DatabaseRecord> load(DatabaseArchive db) throws IOException {
        return read(db).map(Stored::record);
    }

    private static Optional<Stored> read(DatabaseArchive db) throws IOException {
        String name = db.store().describe(db.recordKey());
        try (ObjectContent content = db.store().get(db.recordKey())) {
            if (content.length() > SIZE_MAX) {
                throw new ArchiveException(
                        ArchiveException.Kind.DAMAGED,
                        name + ": it has " + content.length() + " bytes and is no record of a database; move it away");
            }
            byte[] bytes = content.readAll();
            return Optional.of(new Stored(
                    RecordJson.read(bytes, name), bytes, content.info().etag()));
        } catch (StoreException e) {
            if (e.kind() == StoreException.Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    static DatabaseRecord update(DatabaseArchive db, DatabaseRecord.Change change) throws IOException {
        Optional<Stored> current = read(db);
        for (int tried = 1; ; tried++) {
            DatabaseRecord wanted = change.apply(current.map(Stored::record));
            if (current.isPresent() && current.get().record().equals(wanted)) {
                return wanted;
            }
            byte[] bytes = RecordJson.write(wanted);
            PutOptions options =
                    current.map(stored -> PutOptions.ifMatch(stored.etag())).orElseGet(PutOptions::create);
            boolean unknown;
            try {
                db.store().put(db.recordKey(), ObjectBody.of(bytes), options);
                return wanted;
            } catch (StoreException e) {
                if (!isLost(e) || tried == TRIES_MAX) {
                    throw e;
                }
                unknown = e.outcomeUnknown();
            }
            pause(tried);
            current = read(db);
            if (unknown && current.isPresent() && Arrays.equals(current.get().bytes(), bytes)) {
                return wanted;
            }
        }
    }

    private static boolean isLost(StoreException e) {
        return e.kind() == StoreException.Kind.PRECONDITION_FAILED
                || e.kind() == StoreException.Kind.CONFLICT
                || e.outcomeUnknown();
    }

    private static void pause(int tried) throws IOException {
        try {
            Thread.sleep(ThreadLocalRandom.current().nextInt(Math.min(PAUSE_MILLIS_MAX, 10 << Math.min(tried, 10))));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while changing the record of a database");
        }
    }
}
