package io.ltxfs.node.cli.certs;

import java.util.regex.Pattern;

/** Names by which hosts are reached. */
final class HostNames {
    private static final Pattern NAME = Pattern.compile(
            "(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*");
    private static final Pattern NUMBERS = Pattern.compile("\\d+(\\.\\d+)*");
    private static final Pattern IPV4 = Pattern.compile("((25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(?!$)|$)){4}");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f]*:[0-9A-Fa-f:.]+");

    private HostNames() {}

    /** Whether it is an IP address. */
    static boolean isAddress(String name) {
        return IPV4.matcher(name).matches() || IPV6.matcher(name).matches();
    }

    /** Whether it can be in a certificate. */
    static boolean isValid(String name) {
        return isAddress(name)
                || NAME.matcher(name).matches() && !NUMBERS.matcher(name).matches();
    }
}
