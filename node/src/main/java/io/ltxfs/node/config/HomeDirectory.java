package io.ltxfs.node.config;

import java.nio.file.Path;

/** What {@code ~} means: {@code HOME}, as for a shell; without it the directory that the system's list of users has. */
final class HomeDirectory {
    private HomeDirectory() {}

    static Path get() {
        String home = System.getenv("HOME");
        boolean usable = home != null && home.startsWith("/");
        return Path.of(usable ? home : System.getProperty("user.home", "/"));
    }
}
