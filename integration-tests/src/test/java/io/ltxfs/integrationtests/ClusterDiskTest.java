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
@Timeout(900)
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
                    awaitRefusal(cluster, clients, full, ballast);
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

    private static void awaitRefusal(
            ClusterUnderTest cluster, AppendClients clients, NodeUnderTest full, Path ballast) {
        int before = clients.appends().size();
        cluster.awaiting(
                "a commit that the full disk refuses, or another primary",
                () -> {
                    fill(ballast); // what the node gives back of its log, too
                    return cluster.primaryNow().filter(now -> now != full).isPresent()
                            || clients.appends().stream()
                                    .skip(before)
                                    .map(Append::error)
                                    .anyMatch(error -> !error.equals("-") && !error.contains("locked"));
                },
                refused -> refused);
    }

    private static void fill(Path ballast) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
        try (FileChannel file = FileChannel.open(
                ballast, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            while (true) {
                zeros.clear();
                file.write(zeros);
            }
        } catch (IOException e) {
            // The node may give some of its log back in this moment: what is free says nothing.
            if (!String.valueOf(e.getMessage()).contains("No space left on device")) {
                throw e;
            }
        }
    }
}
