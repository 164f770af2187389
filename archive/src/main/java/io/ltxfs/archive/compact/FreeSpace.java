package io.ltxfs.archive.compact;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The room that an archive leaves on the disk of the node's data. An archive that lies below the data directory must not
 * be what fills the disk: databases and log need it.
 */
public final class FreeSpace {
    /** Of the disk, in percent; below that nothing is added to the archive. */
    private static final int PERCENT_MIN = 10;

    private final Path directory;

    private FreeSpace(Path directory) {
        this.directory = directory;
    }

    /**
     * The room of an archive in a directory; empty if it is not below the data directory.
     *
     * @param archive where the archive is, if it is in a directory
     */
    public static Optional<FreeSpace> of(Optional<Path> archive, Path dataDirectory) {
        return archive.filter(path -> path.toAbsolutePath()
                        .normalize()
                        .startsWith(dataDirectory.toAbsolutePath().normalize()))
                .map(path -> new FreeSpace(dataDirectory));
    }

    /** What is wrong and what to do; empty if there is room. A disk that does not tell has room. */
    public Optional<String> warning() {
        try {
            FileStore disk = Files.getFileStore(directory);
            return warning(disk.getUsableSpace(), disk.getTotalSpace());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    Optional<String> warning(long usable, long total) {
        if (total <= 0 || usable >= total / 100.0 * PERCENT_MIN) {
            return Optional.empty();
        }
        return Optional.of(String.format(
                "only %.1f %% of the disk of %s is free, and the archive below it is not added to until %d %% are; make room,"
                        + " or set archive.url to another place",
                100.0 * usable / total, directory, PERCENT_MIN));
    }
}
