package io.ltxfs.node.roles;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BootClockTest {
    /** {@code /proc/uptime} shows the same clock, in hundredths of a second. */
    @Test
    void itCountsFromTheStartOfTheMachine() throws IOException {
        BootClock clock = new BootClock();
        double before = clock.getAsLong() / 1e9;
        double uptime =
                Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
        double after = clock.getAsLong() / 1e9;
        assertTrue(before <= after);
        assertEquals(uptime, after, after - before + 0.02);
    }
}
