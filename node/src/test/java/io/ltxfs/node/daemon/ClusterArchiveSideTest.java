package io.ltxfs.node.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.disk.PosixDisk;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.node.config.ConfigLoader;
import io.ltxfs.node.config.ConfigRequest;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.replication.EpochGate;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a candidate takes of the archive, which may take longer than its epoch lasts. */
class ClusterArchiveSideTest {
    private static final int PAGE = 512;

    @TempDir
    Path directory;

    private void archive(int txid) throws IOException {
        Path file = directory.resolve(String.format("archive/a.db/ltx/0/%016x-%016x.ltx", txid, txid));
        Files.createDirectories(file.getParent());
        try (OutputStream stream = Files.newOutputStream(file)) {
            LtxHeader header =
                    txid == 1 ? LtxHeader.snapshot(PAGE, 2, 1, 1000) : LtxHeader.delta(PAGE, 2, txid, txid, 1000, 0);
            LtxWriter writer = new LtxWriter(stream, header.withoutChecksums().withWal(32, 0, 0, 0));
            for (int pgno = txid == 1 ? 1 : 2; pgno <= 2; pgno++) {
                byte[] page = new byte[PAGE];
                page[0] = (byte) txid;
                writer.writePage(pgno, page, 0);
            }
            writer.finish(0);
        }
    }

    private static long txid(DatabaseSet databases) {
        return databases
                .receiver()
                .received("a.db")
                .map(TransactionHeader::txid)
                .orElse(0L);
    }

    @Test
    void whatCameIsNotTakenUnderAnEpochThatIsOver() throws Exception {
        archive(1);
        Path data = Files.createDirectories(directory.resolve("data"));
        LtxfsConfig config = ConfigLoader.load(new ConfigRequest(
                        Optional.empty(),
                        List.of(
                                "data=" + data,
                                "node.id=one",
                                "lease.url=" + directory.resolve("lease"),
                                "archive.url=" + directory.resolve("archive"),
                                "replication.listen=127.0.0.1:0"),
                        Map.of(),
                        true,
                        "host"))
                .config();
        EpochGate gate = new EpochGate(0);
        try (DatabaseSet databases = DatabaseSet.open(
                        new PosixDisk(data), DatabaseSetOptions.defaults(), new StoppedNode.NoMount());
                Archiving archiving = Archiving.open(config);
                ClusterArchiveSide side = new ClusterArchiveSide(config, databases, archiving)) {
            gate.promise(7);
            side.fetch("a.db", false, gate.term(7));
            assertEquals(1, txid(databases));
            archive(2);
            // While it was fetched, another became primary, and this node's databases are what that one sends.
            EpochGate.Term slow = action -> {
                gate.promise(8);
                gate.term(7).run(action);
            };
            for (boolean conform : new boolean[] {false, true}) {
                IOException over = assertThrows(IOException.class, () -> side.fetch("a.db", conform, slow));
                assertTrue(String.valueOf(over.getMessage()).contains("epoch 7 is over"), over::toString);
                assertEquals(1, txid(databases));
            }
            side.fetch("a.db", false, gate.term(8));
            assertEquals(2, txid(databases));
        }
    }
}
