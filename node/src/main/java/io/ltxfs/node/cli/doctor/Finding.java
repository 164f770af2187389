package io.ltxfs.node.cli.doctor;

/**
 * What a check found.
 *
 * @param level how bad it is
 * @param subject what was looked at
 * @param text what was found, and what to do unless all is well
 */
public record Finding(Level level, String subject, String text) {
    /** How bad a finding is. */
    public enum Level {
        /** All is well. */
        OK,
        /** It works, but look at it. */
        WARN,
        /** It keeps ltxfs from working. */
        FAIL
    }

    static Finding ok(String subject, String text) {
        return new Finding(Level.OK, subject, text);
    }

    static Finding warn(String subject, String text) {
        return new Finding(Level.WARN, subject, text);
    }

    static Finding fail(String subject, String text) {
        return new Finding(Level.FAIL, subject, text);
    }
}
