package io.ltxfs.fusefs.replica;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Position;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.fusefs.CommitWaiting;
import io.ltxfs.fusefs.FileAttributes;
import io.ltxfs.fusefs.Mount;
import io.ltxfs.fusefs.MountSettings;
import io.ltxfs.fusefs.SqliteShell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A primary and a replica, both real mounts, and what carries transactions from one to the other. */
final class TwoMounts {
    private static final Logger LOG = LoggerFactory.getLogger(TwoMounts.class);
    private static final int EIO = 5;
    private static final long SECONDS_MAX = 120;

    private final Path directory;
    final Path primaryAt;
    final Path replicaAt;
    final Mount primary;
    final Mount replica;
    volatile boolean isReplica = true;
    private final Semaphore wakes = new Semaphore(0);
    private final Thread carrier;
    /** When each transaction was about to be received, by TXID. */
    final Map<Long, Long> receiving = new ConcurrentHashMap<>();

    private volatile boolean stop;
    private volatile String failure = "";

    TwoMounts(Path directory) throws Exception {
        this.directory = directory;
        primaryAt = Files.createDirectories(directory.resolve("primary"));
        replicaAt = Files.createDirectories(directory.resolve("replica"));
        Path data = Files.createDirectories(directory.resolve("primary-data"));
        primary = Mount.start(MountSettings.alone(primaryAt, data, DatabaseSetOptions.defaults()));
        replica = Mount.start(new MountSettings(
                replicaAt,
                Files.createDirectories(directory.resolve("replica-data")),
                DatabaseSetOptions.defaults(),
                0,
                () -> isReplica ? EIO : 0,
                () -> 0L,
                () -> isReplica ? Optional.of("primary.example") : Optional.empty(),
                () -> 0L,
                () -> isReplica,
                FileAttributes.NONE,
                CommitWaiting.NONE));
        replica.replica().follow(Duration.ofSeconds(3), false).get(60, TimeUnit.SECONDS);
        carrier = new Thread(this::carry, "carrier");
        carrier.start();
    }

    private void carry() {
        try (TransactionFeed.Follower follower = primary.databases().feed().follow("replica", 0, wakes::release)) {
            while (!stop) {
                Transaction transaction = follower.next();
                if (transaction == null) {
                    wakes.tryAcquire(20, TimeUnit.MILLISECONDS);
                    wakes.drainPermits();
                    continue;
                }
                receiving.put(transaction.txid(), System.nanoTime());
                replica.databases()
                        .receiver()
                        .receive(
                                transaction.header(),
                                visitor -> primary.databases().feed().pages(transaction, visitor));
                follower.release(transaction.lsn());
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            LOG.error("carrier ended", e);
            failure = e.toString();
        }
    }

    /** Waits until the replica's files are where the primary is. */
    void caughtUp() {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(2))
                .until(() -> {
                    assertEquals("", failure);
                    return positions(primary).equals(positions(replica));
                });
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(2))
                .until(() -> replica.replica().waiting().isEmpty());
    }

    static Map<String, Position> positions(Mount mount) {
        Map<String, Position> positions = new TreeMap<>();
        for (Database database : mount.databases().all()) {
            mount.replica().readable(database.name()).ifPresent(position -> positions.put(database.name(), position));
        }
        return positions;
    }

    SqliteShell onPrimary(String database) throws IOException {
        return new SqliteShell(primaryAt, database);
    }

    SqliteShell onReplica(String database) throws IOException {
        return new SqliteShell(replicaAt, database);
    }

    /** Runs a program to its end. @return what it printed, errors too */
    String run(Path in, String... command) throws Exception {
        Path output = Files.createTempFile(directory, "output", ".txt");
        Process process = new ProcessBuilder(new ArrayList<>(List.of(command)))
                .directory(in.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(process.waitFor(SECONDS_MAX, TimeUnit.SECONDS), String.join(" ", command));
        return Files.readString(output).strip();
    }

    /** What SQLite says of a database on both, which is to be the same. */
    void assertSame(String database) throws Exception {
        String there = run(primaryAt, "sqlite3", database, "pragma integrity_check", ".dump");
        assertTrue(there.startsWith("ok"), there);
        assertEquals(there, run(replicaAt, "sqlite3", database, "pragma integrity_check", ".dump"));
    }

    /** What the primary commits from here on stays there. */
    void stopCarrying() throws InterruptedException {
        stop = true;
        carrier.join();
    }

    void close() throws Exception {
        stopCarrying();
        try {
            replica.close();
        } finally {
            primary.close();
        }
    }
}
