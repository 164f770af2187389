package io.ltxfs.database.posix;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BootClockTest {
    @Test
    void countsFromTheStartOfTheMachineAndNeverGoesBack() throws Exception {
        BootClock clock = new BootClock();
        double uptime = Double.parseDouble(
                Files.readString(Path.of("/proc/uptime")).split(" ")[0]); // of the same clock, in hundredths
        long first = clock.getAsLong();
        assertTrue(first / 1e9 >= uptime - 0.011, first + " after " + uptime);
        long last = first;
        for (int i = 0; i < 10_000; i++) {
            long now = clock.getAsLong();
            assertTrue(now >= last);
            last = now;
        }
        assertTrue(last > first);
    }
}
