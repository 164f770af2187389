package io.ltxfs.objectstore.directory;

import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.ObjectStoreContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

final class DirectoryStoreTest extends ObjectStoreContract {
    @TempDir
    private Path directory;

    @Override
    protected ObjectStore openStore() throws IOException {
        return new DirectoryStore(Files.createDirectories(directory.resolve("store")));
    }
}
