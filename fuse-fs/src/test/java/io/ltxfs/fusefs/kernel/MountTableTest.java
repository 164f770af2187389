package io.ltxfs.fusefs.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class MountTableTest {
    private static final String SAMPLE = String.join(
            "\n",
            "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw",
            "23 22 0:5 / /dev rw,nosuid shared:2 master:3 - devtmpfs devtmpfs rw,size=1k",
            "90 22 0:41 / /with\\040space rw,nosuid,nodev - fuse.ltxfs ltxfs rw,user_id=0",
            "91 90 0:42 /sub /with\\040space rw - tmpfs tm\\134pfs rw",
            "92 22 0:43 / /gr\u00c3\u00bc\u00c3\u009fe rw - fuse.ltxfs ltxfs rw");

    @Test
    void findsTheUppermostMountAtAPath() {
        MountTable table = MountTable.parse(SAMPLE);
        assertEquals(5, table.all().size());
        assertEquals(
                Optional.of(new MountTable.Mount(0, 42, "/with space", "tmpfs", "tm\\pfs")),
                table.at(Path.of("/with space")));
        assertEquals(Optional.empty(), table.at(Path.of("/with")));
        assertEquals("/gr\u00fc\u00dfe", table.all().get(4).mountPoint());
    }

    @Test
    void readsTheTableOfThisProcess() throws Exception {
        assertTrue(MountTable.read().at(Path.of("/proc")).isPresent());
    }
}
