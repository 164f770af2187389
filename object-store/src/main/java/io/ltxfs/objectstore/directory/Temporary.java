package io.ltxfs.objectstore.directory;

/** Names of temporary files: {@code t-PROCESS-NUMBER}, where PROCESS is the byte that the maker holds in {@link LockFile}. */
final class Temporary {
    private static final String PREFIX = "t-";

    private Temporary() {}

    static String name(long owner, long number) {
        return PREFIX + Long.toHexString(owner) + "-" + number;
    }

    static boolean is(String name) {
        return name.matches("t-[0-9a-f]{1,16}-[0-9]+");
    }

    static long owner(String name) {
        return Long.parseUnsignedLong(name, PREFIX.length(), name.indexOf('-', PREFIX.length()), 16);
    }
}
