package io.ltxfs.archive.upload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.directory.DirectoryStore;
import io.ltxfs.objectstore.tools.Tools;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real {@code litestream restore} reads what was uploaded: at the end, and at the end of every object. */
class LitestreamTest {
    private static final String DB = "dir/a.db";

    @TempDir
    Path directory;

    @Test
    void readsPagesAsBlocks() throws Exception {
        readsAllOfIt(Tools.LITESTREAM.path(), PageCoding.BLOCK);
    }

    @Test
    void olderOneReadsPagesAsFrames() throws Exception {
        readsAllOfIt(Tools.LITESTREAM_0_5_5.path(), PageCoding.FRAME);
    }

    @Test
    void readsPagesAsFrames() throws Exception {
        readsAllOfIt(Tools.LITESTREAM.path(), PageCoding.FRAME);
    }

    private void readsAllOfIt(Path litestream, PageCoding coding) throws Exception {
        Path root = Files.createDirectories(directory.resolve("archive"));
        Random random = new Random(17);
        try (UploadFixture fixture =
                new UploadFixture(directory.resolve("data"), new DirectoryStore(root), ArchiveLayout.FILES, coding)) {
            long time = System.currentTimeMillis();
            for (int i = 0; i < 60; i++) {
                if (i == 20) {
                    fixture.node.drop(DB, time);
                } else if (i == 35) {
                    fixture.node.repage(DB, time, 4096, random);
                } else {
                    fixture.node.commit(DB, time, random);
                }
                time += random.nextInt(600);
            }
            fixture.drain();
            fixture.check(DB);
            TestNode.History history = fixture.node.histories.get(DB);
            assertArrayEquals(history.images.get(history.txid), restore(litestream, root));
            List<LtxObject> objects = fixture.database(DB).list(0, 0);
            assertTrue(objects.size() > 10, objects::toString);
            for (LtxObject object : objects) {
                assertArrayEquals(
                        history.images.get(object.maxTxid()),
                        restore(litestream, root, "-txid", Txid.format(object.maxTxid())),
                        object::toString);
            }
        }
    }

    private byte[] restore(Path litestream, Path root, String... options) throws Exception {
        Path out = directory.resolve("restored");
        Files.deleteIfExists(out);
        List<String> command = new ArrayList<>(List.of(litestream.toString(), "restore", "-o", out.toString()));
        command.addAll(List.of(options));
        command.add("file://" + root.resolve(DB));
        Path messages = directory.resolve("litestream.log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(messages.toFile())
                .start();
        assertTrue(process.waitFor(1, TimeUnit.MINUTES));
        assertEquals(0, process.exitValue(), () -> command + ": " + new String(read(messages), StandardCharsets.UTF_8));
        return read(out);
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
