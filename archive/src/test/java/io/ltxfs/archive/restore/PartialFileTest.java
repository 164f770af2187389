package io.ltxfs.archive.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Restores to one target at one time. */
class PartialFileTest {
    @TempDir
    Path directory;

    /** Between opening the partial file and locking it, the restore that had the lock has given it its name. */
    @Test
    void aFileThatHasBecomeTheTargetIsNotWritten() throws Exception {
        Path target = directory.resolve("a.db");
        Path partial = PartialFile.partialOf(target);
        Files.writeString(partial, "restored");
        boolean[] done = {false};
        Runnable commit = () -> {
            try {
                if (!done[0]) {
                    Files.move(partial, target);
                }
                done[0] = true;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
        try (PartialFile file = PartialFile.open(target, commit)) {
            file.reset();
            file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
        }
        assertEquals("restored", Files.readString(target));
        assertEquals(3, Files.size(partial));
    }

    @Test
    void aFileThatIsLockedIsAnothers() throws Exception {
        Path target = directory.resolve("a.db");
        try (PartialFile file = PartialFile.open(target)) {
            file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
            assertThrows(FileAlreadyExistsException.class, () -> PartialFile.open(target));
            assertEquals(3, file.size());
        }
        assertTrue(Files.exists(PartialFile.partialOf(target)));
    }
}
