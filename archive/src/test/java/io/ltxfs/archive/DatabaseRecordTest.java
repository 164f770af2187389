package io.ltxfs.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.DatabaseRecord.Drop;
import io.ltxfs.archive.DatabaseRecord.Epoch;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.MonotonicClock;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.fault.FaultyStore;
import io.ltxfs.objectstore.fault.SeededFaults;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatabaseRecordTest {
    private static final DatabaseRecord RECORD = new DatabaseRecord(
            "00ff",
            "a \"b\" ü.db",
            List.of(new Epoch(0, 1, ""), new Epoch(7, 20, "node: 1"), new Epoch(-1, 20, "n2")),
            List.of(new Drop(9, 1_772_359_200_123L), new Drop(-1, 0)));

    private final MemoryStore store = new MemoryStore();
    private final DatabaseArchive db = new Archive(store, ArchiveLayout.S3).database("a.db");

    /** Puts a record with its checksum; what does not end as one has none. */
    private void put(String json) throws IOException {
        String before = json.replaceFirst("}$", ", \"");
        String text = before.equals(json) ? json : before + RecordJson.end(before);
        store.put(db.recordKey(), ObjectBody.of(text.getBytes(StandardCharsets.UTF_8)), PutOptions.replace());
    }

    @Test
    void comesBackAsItWas() throws IOException {
        assertEquals(Optional.empty(), DatabaseRecord.load(db));
        assertEquals(RECORD, DatabaseRecord.update(db, current -> RECORD));
        assertEquals(Optional.of(RECORD), DatabaseRecord.load(db));
    }

    @Test
    void saysWhichEpochOwnsATransaction() {
        assertEquals(0, RECORD.epochOf(19));
        assertEquals(-1, RECORD.epochOf(20));
        assertEquals(-1, RECORD.epochOf(-1));
    }

    @Test
    void mayHaveFieldsOfItsFuture() throws IOException {
        put("{\"format\": 1, \"lineage\": \"a\", \"database\": \"b\", \"epochs\": [], \"more\": {\"x\": [1]}}");
        assertEquals(Optional.of(new DatabaseRecord("a", "b", List.of(), List.of())), DatabaseRecord.load(db));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | no 'format'",
                "{\"format\": 1 | not JSON",
                "[1] | no 'format'",
                "{\"format\": 2, \"lineage\": 5} | format 2, and this ltxfs knows format 1",
                "{\"format\": \"x\"} | no 'format'",
                "{\"format\": 1, \"database\": \"b\"} | 'lineage' is missing",
                "{\"format\": 1, \"lineage\": 7, \"database\": \"b\"} | 'lineage' is '7'",
                "{\"format\": 1, \"lineage\": \"a\", \"database\": \"b\", \"epochs\": [3]} | 'epoch' is missing",
                "{\"format\": 1, \"lineage\": \"a\", \"database\": \"b\", \"drops\": [{\"txid\": \"1\", \"time\": \"x\"}]} | transaction id",
                "{\"format\": 1, \"lineage\": \"a\", \"database\": \"b\", \"epochs\": [{\"epoch\": \"2\", \"firstTxid\":"
                        + " \"0000000000000001\", \"node\": \"\"}, {\"epoch\": \"2\", \"firstTxid\":"
                        + " \"0000000000000001\", \"node\": \"\"}]} | stands behind epoch 2"
            })
    void saysWhatIsWrong(String text, String why) throws IOException {
        put(text);
        ArchiveException e = assertThrows(ArchiveException.class, () -> DatabaseRecord.load(db));
        assertEquals(ArchiveException.Kind.DAMAGED, e.kind());
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains(store.describe(db.recordKey())) && message.contains(why), message);
        assertThrows(ArchiveException.class, () -> DatabaseRecord.update(db, current -> RECORD));
    }

    @Test
    void findsAChangedDigit() throws IOException {
        DatabaseRecord.update(db, current -> RECORD);
        String text;
        try (ObjectContent content = store.get(db.recordKey())) {
            text = new String(content.readAll(), StandardCharsets.UTF_8);
        }
        String changed = text.replaceFirst("0014", "0015");
        store.put(db.recordKey(), ObjectBody.of(changed.getBytes(StandardCharsets.UTF_8)), PutOptions.replace());
        ArchiveException e = assertThrows(ArchiveException.class, () -> DatabaseRecord.load(db));
        assertTrue(String.valueOf(e.getMessage()).contains("its checksum is wrong"), e::toString);
    }

    @Test
    void losesNoChangeOfSeveralWriters() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<DatabaseRecord>> changes = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            changes.add(threads.submit(() -> DatabaseRecord.update(db, current -> {
                List<Drop> drops =
                        new ArrayList<>(current.map(DatabaseRecord::drops).orElse(List.of()));
                drops.add(new Drop(drops.size() + 1, 0));
                return new DatabaseRecord("a", "b", List.of(), drops);
            })));
        }
        for (Future<DatabaseRecord> change : changes) {
            change.get();
        }
        threads.shutdown();
        assertEquals(40, DatabaseRecord.load(db).orElseThrow().drops().size());
    }

    /** Requests and answers are lost, come late, or are refused; every writer tries until it was told that it is done. */
    @Test
    void losesNoChangeWhereTheStoreFails() throws Exception {
        for (long seed = 0; seed < 20; seed++) {
            String about = "seed " + seed;
            MonotonicClock still = new MonotonicClock() {
                @Override
                public long nanos() {
                    return 0;
                }

                @Override
                public void sleep(long millis) {
                    // No time passes.
                }
            };
            MemoryStore inner = new MemoryStore();
            FaultyStore faulty = new FaultyStore(inner, new SeededFaults(seed, 0.3), still);
            DatabaseArchive seen = new Archive(faulty, ArchiveLayout.S3).database("a.db");
            for (long txid = 1; txid <= 20; txid++) {
                Drop drop = new Drop(txid, txid);
                tryUntilDone(seen, drop, about);
                if (txid % 3 == 0) {
                    faulty.land();
                }
            }
            faulty.land();
            DatabaseArchive plain = new Archive(inner, ArchiveLayout.S3).database("a.db");
            assertEquals(20, DatabaseRecord.load(plain).orElseThrow().drops().size(), about);
        }
    }

    private static void tryUntilDone(DatabaseArchive db, Drop drop, String about) {
        for (int tried = 0; tried < 100; tried++) {
            try {
                DatabaseRecord.update(db, current -> {
                    List<Drop> drops =
                            new ArrayList<>(current.map(DatabaseRecord::drops).orElse(List.of()));
                    if (!drops.contains(drop)) {
                        drops.add(drop);
                    }
                    return new DatabaseRecord("a", "b", List.of(), drops);
                });
                return;
            } catch (ArchiveException e) {
                throw new AssertionError(about, e);
            } catch (IOException e) {
                // As a writer does: again.
            }
        }
        throw new AssertionError(about + ": no try came through");
    }
}
