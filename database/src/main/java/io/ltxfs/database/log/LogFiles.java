package io.ltxfs.database.log;

import java.util.HexFormat;
import java.util.OptionalLong;

/** The names in the log's directory: {@code <seq>.log}, {@code stage-<id>}; with {@code .tmp}, not yet complete. */
final class LogFiles {
    static final String TEMPORARY = ".tmp";
    /** A file that could not be read is kept under this ending. */
    static final String DAMAGED = ".damaged";

    /**
     * There while a sync has failed and the tail has not been saved. It needs no sync of its own: it is for the next
     * process, which would find the tail in the kernel's cache, could sync it without an error, and take for durable
     * what is not. After a power cut there is no such cache.
     */
    static final String UNSYNCED = path("unsynced");

    private static final String SEGMENT = ".log";
    private static final String STAGE = "stage-";
    private static final int DIGITS = 16;

    private LogFiles() {}

    static String segment(long sequence) {
        return path(HexFormat.of().toHexDigits(sequence) + SEGMENT);
    }

    static String stage(long id) {
        return path(STAGE + HexFormat.of().toHexDigits(id));
    }

    static String path(String name) {
        return TransactionLog.DIRECTORY + '/' + name;
    }

    static OptionalLong segmentOf(String name) {
        return name.length() == DIGITS + SEGMENT.length() && name.endsWith(SEGMENT)
                ? number(name.substring(0, DIGITS))
                : OptionalLong.empty();
    }

    static OptionalLong stageOf(String name) {
        return name.length() == DIGITS + STAGE.length() && name.startsWith(STAGE)
                ? number(name.substring(STAGE.length()))
                : OptionalLong.empty();
    }

    private static OptionalLong number(String digits) {
        for (int i = 0; i < digits.length(); i++) {
            if (!HexFormat.isHexDigit(digits.charAt(i))) {
                return OptionalLong.empty();
            }
        }
        return OptionalLong.of(HexFormat.fromHexDigitsToLong(digits));
    }
}
