package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Disks of a cluster that fill up: the others go on, nothing acknowledged is lost, and space heals it by itself. */
@RealMount
@Timeout(240)
final class ClusterDiskTest {
    private static final long SEED = Long.getLong("ltxfs.seed", 1);
    private static final long DISK = 160L << 20;

    @Test
    void aFullDiskOfAReplicaHoldsUpNothing() throws IOException {
        run(false);
    }

    @Test
    void aFullDiskOfThePrimaryLosesNothing() throws IOException {
        run(true);
    }

    private static void run(boolean ofThePrimary) throws IOException {
        try (ClusterUnderTest cluster = ClusterUnderTest.create(
                3, "log.max-bytes=4MiB", "durability=\"replica:1\"", "durability-wait.max=30s")) {
            cluster.nodes().values().forEach(node -> node.limitData(DISK));
            cluster.startOrClose();
            try (AppendClients clients = AppendClients.start(cluster, "disk.db", "WAL", "FULL", SEED)) {
                clients.awaitMore(30);
                NodeUnderTest full = ofThePrimary ? cluster.awaitPrimary() : cluster.replica();
                Path ballast = full.data().resolve("ballast");
                fill(ballast);
                long before = clients.acknowledged();
                if (ofThePrimary) {
                    cluster.awaiting(
                            "a commit that the full disk refuses, or another primary",
                            () -> clients.appends().stream()
                                    .anyMatch(append -> !append.error().equals("-")),
                            refused -> refused);
                } else {
                    clients.awaitMore(50);
                }
                Files.delete(ballast);
                cluster.awaitWhole();
                clients.awaitMore(30);
                assertFalse(clients.acknowledged() <= before);
                System.out.println("ClusterDiskTest: full " + (ofThePrimary ? "primary: " : "replica: ")
                        + clients.stopAndVerify());
            }
        }
    }

    private static void fill(Path ballast) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
        try (FileChannel file = FileChannel.open(ballast, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            while (true) {
                zeros.clear();
                file.write(zeros);
            }
        } catch (IOException e) {
            if (Files.getFileStore(ballast).getUsableSpace() > 1 << 20) {
                throw e;
            }
        }
    }
}
