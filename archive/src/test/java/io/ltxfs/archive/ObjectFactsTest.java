package io.ltxfs.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.ObjectFacts.Owner;
import io.ltxfs.objectstore.ObjectInfo;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ObjectFactsTest {
    private static final ObjectFacts FACTS = new ObjectFacts(
            Optional.of(Instant.parse("2026-03-01T10:00:00.120Z")),
            Optional.of("abcdef"),
            -1,
            0x8000000000000001L,
            0xffffffffffffffffL,
            Optional.of(new Owner(-2, 1000, 0600)));

    private static ObjectFacts read(Map<String, String> metadata) throws ArchiveException {
        return ObjectFacts.of(new ObjectInfo("k", 1, Instant.EPOCH, "e", metadata), "s3://bucket/k");
    }

    @Test
    void comeBackAsTheyWere() throws ArchiveException {
        assertEquals(FACTS, read(FACTS.toMetadata()));
        assertEquals("2026-03-01T10:00:00.120Z", FACTS.toMetadata().get("litestream-timestamp"));
        assertEquals("18446744073709551615", FACTS.toMetadata().get("ltxfs-epoch"));
        assertEquals("4294967294:1000:600", FACTS.toMetadata().get("ltxfs-owner"));
        assertEquals(ObjectFacts.NONE, read(Map.of()));
        assertEquals(Map.of(), ObjectFacts.NONE.toMetadata());
    }

    @Test
    void takeWhatLitestreamWrites() throws ArchiveException {
        assertEquals(
                Optional.of(Instant.parse("2026-03-01T10:00:00.123456789Z")),
                read(Map.of("litestream-timestamp", "2026-03-01T12:00:00.123456789+02:00"))
                        .timestamp());
        assertEquals(ObjectFacts.NONE, read(Map.of("litestream-timestamp", "yesterday", "other", "x")));
    }

    @ParameterizedTest
    @CsvSource({
        "litestream-timestamp,yesterday",
        "ltxfs-lineage,' '",
        "ltxfs-epoch,-1",
        "ltxfs-epoch,18446744073709551616",
        "ltxfs-pre-checksum,1234",
        "ltxfs-pre-checksum,0000000000000001",
        "ltxfs-post-checksum,8000000000000000x",
        "ltxfs-owner,root:root:600",
        "ltxfs-owner,1:2",
        "ltxfs-owner,1:2:9"
    })
    void nameWhatIsWrong(String key, String value) {
        Map<String, String> metadata = new HashMap<>(FACTS.toMetadata());
        metadata.put(key, value);
        ArchiveException e = assertThrows(ArchiveException.class, () -> read(metadata));
        assertEquals(ArchiveException.Kind.DAMAGED, e.kind());
        assertTrue(String.valueOf(e.getMessage()).startsWith("s3://bucket/k: its metadata '" + key + "'"), e::toString);
    }
}
