package io.ltxfs.objectstore.directory;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a failure leaves of the locks. */
final class LockFileTest {
    @TempDir
    private Path temp;

    private final ExecutorService another = Executors.newSingleThreadExecutor();

    @AfterEach
    void stop() {
        another.shutdownNow();
    }

    private static void lockAndGiveBack(LockFile lock) throws IOException, InterruptedException {
        LockFile.Held held = lock.lock("key", 5_000);
        assertNotNull(held, "somebody has the lock");
        held.close();
    }

    @Test
    void aLockThatFailedIsNobodys() throws Exception {
        Path directory = Files.createDirectory(temp.resolve("hidden"));
        Path file = directory.resolve("lock");
        LockFile lock = LockFile.open(file);
        try {
            lockAndGiveBack(lock);
            Files.delete(file);
            Files.delete(directory); // as with a disk that is away
            assertThrows(IOException.class, () -> lock.lock("key", 5_000));
            assertThrows(IOException.class, () -> lock.lock("key", 5_000));
            Files.createDirectory(directory);
            Future<?> other = another.submit(() -> {
                lockAndGiveBack(lock);
                return true;
            });
            other.get(60, TimeUnit.SECONDS);
            lockAndGiveBack(lock);
        } finally {
            lock.close();
        }
    }
}
