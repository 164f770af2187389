package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.sim.Trace;
import io.ltxfs.database.sim.TraceRecord;
import io.ltxfs.database.sim.TraceWriter;
import io.ltxfs.fusefs.Mount;
import io.ltxfs.fusefs.MountSettings;
import io.ltxfs.integrationtests.record.RecordingFileSystem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A trace that was recorded on a mount holds all that a real SQLite wrote: played onto a file, it makes the database. */
@RealMount
@Timeout(600)
class TraceRecorderTest {
    @TempDir
    Path directory;

    @Test
    void recordsWhatSqliteDoes() throws Exception {
        Path mountPoint = Files.createDirectory(directory.resolve("mount"));
        Path data = Files.createDirectory(directory.resolve("data"));
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        byte[] content;
        try (TraceWriter writer = new TraceWriter(file, "recorded", "rb_full");
                Mount mount = Mount.start(
                        MountSettings.alone(mountPoint, data, DatabaseSetOptions.defaults()),
                        tree -> new RecordingFileSystem(tree, writer))) {
            String sql = "create table t(x); insert into t values(randomblob(9000)); update t set x=1; vacuum;";
            Process sqlite = new ProcessBuilder(
                            "sqlite3", mountPoint.resolve("a.db").toString(), sql)
                    .inheritIO()
                    .start();
            assertEquals(0, sqlite.waitFor());
            content = read(mountPoint.resolve("a.db"));
            assertTrue(mount.unmount(true));
        }
        Trace trace = Trace.read(new ByteArrayInputStream(file.toByteArray()));
        byte[] played = new byte[0];
        int commits = 0;
        for (TraceRecord record : trace.records()) {
            if (record.path().equals("a.db") && record.kind() == TraceRecord.WRITE) {
                int end = (int) record.offset() + record.data().length;
                played = Arrays.copyOf(played, Math.max(played.length, end));
                System.arraycopy(record.data(), 0, played, (int) record.offset(), record.data().length);
            } else if (record.path().equals("a.db") && record.kind() == TraceRecord.TRUNCATE) {
                played = Arrays.copyOf(played, (int) record.offset());
            } else if (record.path().equals("a.db-journal") && record.kind() == TraceRecord.UNLINK) {
                commits++;
            }
        }
        assertEquals(4, commits);
        assertArrayEquals(content, played);
        assertTrue(
                trace.records().stream().map(TraceRecord::kind).toList().containsAll(List.of('C', 'W', 'S', 'U', 'X')));
    }

    /** In a process of its own: this one must not read its own mount for longer than it has to. */
    private static byte[] read(Path path) {
        try {
            Process cat = new ProcessBuilder("cat", path.toString()).start();
            byte[] bytes = cat.getInputStream().readAllBytes();
            assertEquals(0, cat.waitFor());
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }
}
