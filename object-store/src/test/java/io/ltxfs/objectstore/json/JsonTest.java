package io.ltxfs.objectstore.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
    /** The log of a database that commits often. */
    @Test
    void longDocumentsAreRead() {
        Map<String, Object> entry = Map.of("txid", "0000000000000001", "time", "2026-01-01T00:00:00.000Z");
        List<Object> log = Collections.nCopies(60_000, entry);
        String text = Json.writePretty(Map.of("log", log));
        assertTrue(text.length() > 4 << 20, text.length() + " characters");
        assertEquals(log, Json.array(Json.readObject(text).get("log")));
    }

    @Test
    void whatIsNoJsonIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Json.readObject("{\"a\": "));
    }
}
