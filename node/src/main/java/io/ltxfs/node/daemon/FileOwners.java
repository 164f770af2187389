package io.ltxfs.node.daemon;

import io.ltxfs.database.posix.NameService;
import io.ltxfs.fusefs.FileAttributes;
import io.ltxfs.node.config.ConfigException;
import io.ltxfs.node.config.LtxfsConfig;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Finds the numbers of the users and groups that {@code files} names. */
final class FileOwners {
    private FileOwners() {}

    /**
     * What databases show on this node.
     *
     * @throws ConfigException if there is no such user or group
     */
    static FileAttributes of(LtxfsConfig.Files files) {
        return new FileAttributes(
                number("files.owner", "passwd", files.owner()),
                number("files.group", "group", files.group()),
                files.mode().orElse(FileAttributes.KEEP));
    }

    private static int number(String key, String database, Optional<String> name) {
        if (name.isEmpty()) {
            return FileAttributes.KEEP;
        }
        if (name.get().matches("[0-9]{1,9}")) {
            return Integer.parseInt(name.get());
        }
        try {
            Optional<List<String>> entry = NameService.find(database, name.get());
            if (entry.isPresent()) {
                return Integer.parseInt(entry.get().get(2));
            }
        } catch (IOException e) {
            throw new ConfigException(
                    key, "'" + name.get() + "' cannot be looked up: " + e.getMessage(), "write a number");
        }
        throw new ConfigException(
                key, "'" + name.get() + "' is not known here", "name one that 'getent " + database + "' knows");
    }
}
