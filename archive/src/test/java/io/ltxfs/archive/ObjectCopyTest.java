package io.ltxfs.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.PutOptions;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ObjectCopyTest {
    private static final byte[] BYTES = {1, 2, 3};

    private final MemoryStore store = new MemoryStore();

    private ObjectInfo put(String key, byte[] bytes, Map<String, String> metadata) throws IOException {
        store.put(key, ObjectBody.of(bytes), PutOptions.create().with(metadata));
        return store.head(key);
    }

    @Test
    void bytesAndMetadataAreCopiedAndASecondTimeDoesNothing() throws IOException {
        ObjectInfo object = put("a", BYTES, Map.of("epoch", "7"));
        ObjectCopy.copy(store, object, "b/a");
        ObjectInfo first = store.head("b/a");
        assertEquals(Map.of("epoch", "7"), first.metadata());
        try (ObjectContent content = store.get("b/a")) {
            assertArrayEquals(BYTES, content.readAll());
        }
        ObjectCopy.copy(store, object, "b/a");
        assertEquals(first, store.head("b/a"));
    }

    @Test
    void anotherObjectAtThePlaceStays() throws IOException {
        ObjectInfo object = put("a", BYTES, Map.of("epoch", "7"));
        ObjectInfo longer = put("longer", new byte[4], Map.of("epoch", "7"));
        ObjectInfo later = put("later", BYTES, Map.of("epoch", "8"));
        for (ObjectInfo there : new ObjectInfo[] {longer, later}) {
            ArchiveException refused =
                    assertThrows(ArchiveException.class, () -> ObjectCopy.copy(store, object, there.key()));
            assertEquals(ArchiveException.Kind.FOREIGN, refused.kind());
            assertEquals(there, store.head(there.key()));
        }
    }
}
