package io.ltxfs.node.cli;

import io.ltxfs.node.config.LtxfsConfig;
import java.nio.file.Path;

/** Names of databases as people write them: below the mount, or as a path into it. */
final class DatabaseName {
    private DatabaseName() {}

    /** The name below the mount: {@code /litefs/a/b.db} is {@code a/b.db}. */
    static String of(String text, Path mount) {
        Path path = Path.of(text);
        Path name = path.isAbsolute() && path.startsWith(mount) ? mount.relativize(path) : path;
        String result = name.normalize().toString();
        if (result.isEmpty() || result.startsWith("/") || result.startsWith("..")) {
            throw new CliException(
                    ExitCode.WRONG_USAGE,
                    "database '" + text + "'",
                    "is no name below the mount " + mount,
                    "write it as in app.db or tenants/a.db");
        }
        return result;
    }

    static CliException unknown(String what, String name, LtxfsConfig config) {
        return new CliException(
                ExitCode.NOT_FOUND,
                what + " " + name,
                "there is no such database in " + config.data(),
                "see 'ltxfs status' for those that there are, or name the data directory with --data");
    }
}
