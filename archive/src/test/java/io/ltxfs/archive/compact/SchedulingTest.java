package io.ltxfs.archive.compact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a database's turn is, that it is remembered, and when there is no room. */
class SchedulingTest {
    private static final Duration INTERVAL = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    @Test
    void turnsComeOnceAnInterval() {
        Phase phase = new Phase("tenants/7.db");
        long first = phase.next(1_000_000, INTERVAL);
        assertTrue(first > 1_000_000 && first <= 1_030_000);
        assertEquals(first + 30_000, phase.next(first, INTERVAL));
        assertEquals(first, phase.next(first - 1, INTERVAL));
        assertTrue(phase.isPassed(first - 1, first, INTERVAL));
        assertFalse(phase.isPassed(first, first + 29_999, INTERVAL));
    }

    @Test
    void databasesThatWereWrittenTogetherTakeTurns() {
        Map<Long, Integer> perSecond = new HashMap<>();
        for (int i = 0; i < 1000; i++) {
            long turn = new Phase("tenants/" + i + ".db").next(1_000_000, INTERVAL);
            perSecond.merge(turn / 1000, 1, Integer::sum);
        }
        int most = perSecond.values().stream().mapToInt(Integer::intValue).max().orElse(0);
        assertTrue(most < 100, "in one second " + most + " of 1000 databases have their turn");
    }

    @Test
    void turnsAreRememberedOverARestart() throws IOException {
        Agenda agenda = new Agenda(directory);
        agenda.put("a/b.db", 5);
        agenda.put("c.db", 6);
        agenda.put("a/b.db", 7);
        agenda.put("gone.db", 8);
        agenda.remove("gone.db");
        agenda.remove("never.db");
        Files.writeString(directory.resolve("damaged.json"), "{");
        assertEquals(Map.of("a/b.db", 7L, "c.db", 6L), new Agenda(directory).all());
    }

    @Test
    void onlyAnArchiveBelowTheDataMustLeaveRoom() {
        Path data = directory.resolve("data");
        assertTrue(FreeSpace.of(Optional.of(data.resolve("archive")), data).isPresent());
        assertTrue(FreeSpace.of(Optional.of(directory.resolve("archive")), data).isEmpty());
        assertTrue(FreeSpace.of(Optional.empty(), data).isEmpty());
    }

    @Test
    void aTenthOfTheDiskIsLeftFree() {
        FreeSpace room = FreeSpace.of(Optional.of(directory.resolve("archive")), directory)
                .orElseThrow();
        assertTrue(room.warning(100, 1000).isEmpty());
        assertTrue(room.warning(0, 0).isEmpty());
        String warning = room.warning(99, 1000).orElseThrow();
        assertTrue(warning.contains("9.9 %") && warning.contains(directory.toString()), warning);
    }
}
