package io.ltxfs.database.sim;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;

/** Silences the shipped code's log lines: thousands of recoveries, many of them of damage that was done on purpose. */
final class Quiet {
    private Quiet() {}

    static void please() {
        if (LoggerFactory.getLogger("io.ltxfs.database") instanceof Logger logger) {
            logger.setLevel(Level.OFF);
        }
    }
}
