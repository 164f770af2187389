package io.ltxfs.node.roles;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.node.cluster.ClusterMemory;
import io.ltxfs.node.cluster.Peer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterFileTest {
    private static final ClusterMemory CONTENT = new ClusterMemory(
            0xffff_ffff_ffff_fff0L, 7, List.of(new Peer("a \"1\"", "[::1]:3"), new Peer("b", "127.0.0.1:2")));

    @TempDir
    Path data;

    @Test
    void whatIsWrittenReadsBack() throws IOException {
        ClusterFile file = new ClusterFile(data);
        assertEquals(ClusterMemory.NONE, file.read());
        file.write(CONTENT);
        assertEquals(CONTENT, file.read());
        file.write(ClusterMemory.NONE);
        assertEquals(ClusterMemory.NONE, file.read());
    }

    /** No cut and no changed byte is taken for something else that could have been written. */
    @Test
    void aDamagedFileIsAnErrorAndNeverAMissingOne() throws IOException {
        ClusterFile file = new ClusterFile(data);
        file.write(CONTENT);
        Path path = data.resolve("cluster.json");
        byte[] good = Files.readAllBytes(path);
        for (int length = 0; length < good.length - 1; length++) {
            Files.write(path, java.util.Arrays.copyOf(good, length));
            assertDamaged(file, "cut to " + length);
        }
        for (int at = 0; at < good.length; at++) {
            byte[] bad = good.clone();
            bad[at] ^= 1;
            Files.write(path, bad);
            try {
                // A changed space between fields says the same.
                assertEquals(CONTENT, file.read(), "byte " + at);
            } catch (IOException e) {
                assertTrue(e.getMessage().contains("cluster.json: "), e.getMessage());
            }
        }
    }

    private static void assertDamaged(ClusterFile file, String how) {
        IOException e = assertThrows(IOException.class, file::read, how);
        assertTrue(e.getMessage().contains("is damaged") && e.getMessage().contains("data directory"), e.getMessage());
    }
}
