package io.ltxfs.node.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MomentTextTest {
    private static final Instant NOW = Instant.parse("2026-11-21T17:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "2026-11-21T16:00:00Z, 2026-11-21T16:00:00Z",
        "2026-11-21t16:00:00.123456789z, 2026-11-21T16:00:00.123456789Z",
        "2026-11-21T18:00:00+02:00, 2026-11-21T16:00:00Z",
        "2026-11-21 18:00:00+02:00, 2026-11-21T16:00:00Z",
        "2h ago, 2026-11-21T15:00:00Z",
        "90 seconds ago, 2026-11-21T16:58:30Z",
        "1d ago, 2026-11-20T17:00:00Z",
        "500ms ago, 2026-11-21T16:59:59.500Z",
    })
    void momentsAreRead(String text, Instant expected) {
        assertEquals(expected, MomentText.parse("--timestamp", text, NOW));
    }

    @Test
    void aMomentWithoutAZoneIsRefusedWithTheFormInUtc() {
        for (String text : new String[] {"2026-11-21T16:00:00", "2026-11-21 16:00", "2026-11-21T16:00"}) {
            CliException e = assertThrows(CliException.class, () -> MomentText.parse("--timestamp", text, NOW), text);
            assertEquals(ExitCode.WRONG_USAGE, e.exitCode());
            assertTrue(e.getMessage().contains("write 2026-11-21T16:00:00Z if it is UTC"), e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "yesterday", "2h", "ago", "-2h ago", "2026-13-01T00:00:00Z", "17:00Z"})
    void whatIsNoMomentIsRefused(String text) {
        assertEquals(
                ExitCode.WRONG_USAGE,
                assertThrows(CliException.class, () -> MomentText.parse("--timestamp", text, NOW))
                        .exitCode());
    }
}
