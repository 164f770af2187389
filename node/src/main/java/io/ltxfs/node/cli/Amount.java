package io.ltxfs.node.cli;

/** Numbers of bytes as people read them. */
final class Amount {
    private static final String[] UNITS = {"KB", "MB", "GB", "TB"};

    private Amount() {}

    static String bytes(long bytes) {
        if (bytes < 1000) {
            return bytes + " bytes";
        }
        double value = bytes;
        int unit = -1;
        while (value >= 999.95 && unit < UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format("%.1f %s", value, UNITS[unit]);
    }
}
