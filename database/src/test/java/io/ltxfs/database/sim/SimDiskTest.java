package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.database.disk.Disk.Mode;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SimDiskTest {
    private final SimDisk disk = new SimDisk(1);

    @Test
    void keepsWhatWasSyncedAndAnySubsetOfTheRest() throws DiskException {
        DiskFile file = disk.open("a", Mode.CREATE);
        file.write(bytes("1111"), 0);
        file.sync();
        disk.syncDirectory("");
        file.write(bytes("2222"), 1024);
        file.write(bytes("3333"), 2048);
        Set<String> seen = new HashSet<>();
        for (int seed = 0; seed < 200; seed++) {
            byte[] left = disk.powerCut(seed).bytes("a");
            assertEquals('1', left[0]);
            seen.add((left.length > 1024 && left[1024] == '2') + "/" + (left.length > 2048));
        }
        assertEquals(Set.of("false/false", "true/false", "false/true", "true/true"), seen);
        assertEquals(2052, disk.kill().bytes("a").length);
    }

    @Test
    void tearsAWriteAtSectors() throws DiskException {
        DiskFile file = disk.open("a", Mode.CREATE);
        disk.syncDirectory("");
        byte[] data = new byte[2000];
        java.util.Arrays.fill(data, (byte) 7);
        file.write(ByteBuffer.wrap(data), 100);
        boolean torn = false;
        for (int seed = 0; seed < 200; seed++) {
            byte[] left = disk.powerCut(seed).bytes("a");
            for (int i = 100; i < left.length; i++) {
                int start = Math.max(100, i / 512 * 512);
                assertEquals(left[start], left[i], "a sector is whole or not at all");
            }
            torn |= left.length > 512 && left[100] == 0 && left[left.length - 1] == 7;
        }
        assertTrue(torn);
    }

    @Test
    void losesNamesUnlessTheirDirectoryWasSynced() throws DiskException {
        disk.makeDirectories("d");
        DiskFile file = disk.open("d/a", Mode.CREATE);
        file.write(bytes("x"), 0);
        file.sync();
        disk.syncDirectory("d");
        boolean lost = false;
        for (int seed = 0; seed < 50; seed++) {
            lost |= !disk.powerCut(seed).exists("d/a");
        }
        assertTrue(lost, "the directory's own name was not synced");
        disk.syncDirectory("");
        disk.unlink("d/a");
        boolean back = false;
        boolean gone = false;
        for (int seed = 0; seed < 50; seed++) {
            boolean there = disk.powerCut(seed).exists("d/a");
            back |= there;
            gone |= !there;
        }
        assertTrue(back && gone);
        assertFalse(disk.kill().exists("d/a"));
        assertEquals(1, file.size());
    }

    @Test
    void renamesWithinADirectoryAtomically() throws DiskException {
        DiskFile old = disk.open("a", Mode.CREATE);
        old.write(bytes("old"), 0);
        old.sync();
        DiskFile file = disk.open("b", Mode.CREATE);
        file.write(bytes("new"), 0);
        file.sync();
        disk.syncDirectory("");
        disk.rename("b", "a");
        for (int seed = 0; seed < 50; seed++) {
            SimDisk cut = disk.powerCut(seed);
            String content = new String(cut.bytes("a"), StandardCharsets.US_ASCII);
            assertEquals(content.equals("old"), cut.exists("b"));
        }
    }

    @Test
    void neverMakesDurableWhatAFailedSyncDropped() throws DiskException {
        DiskFile file = disk.open("a", Mode.CREATE);
        disk.syncDirectory("");
        for (int i = 0; i < 16; i++) {
            file.write(bytes("x"), i * 512L);
        }
        disk.faults((kind, path) -> kind == SimDisk.Kind.SYNC ? Errno.EIO : 0);
        assertEquals(Errno.EIO, assertThrows(DiskException.class, file::sync).errno());
        disk.faults((kind, path) -> 0);
        file.sync();
        byte[] first = disk.powerCut(1).bytes("a");
        assertArrayEquals(first, disk.powerCut(2).bytes("a"));
        assertTrue(new String(first, StandardCharsets.US_ASCII)
                        .chars()
                        .filter(c -> c == 'x')
                        .count()
                < 16);
    }

    @Test
    void imagesDoNotDisturbEachOther() throws DiskException {
        DiskFile file = disk.open("a", Mode.CREATE);
        file.write(bytes("1"), 0);
        file.sync();
        disk.syncDirectory("");
        SimDisk image = disk.kill();
        image.open("a", Mode.WRITE).write(bytes("2"), 0);
        file.write(bytes("3"), 5000);
        assertEquals('1', disk.bytes("a")[0]);
        assertEquals("2", new String(image.bytes("a"), StandardCharsets.US_ASCII));
    }

    @Test
    void refusesToGrowPastItsCapacity() throws DiskException {
        disk.capacity(1000);
        DiskFile file = disk.open("a", Mode.CREATE);
        file.allocate(0, 900);
        DiskFile other = disk.open("b", Mode.CREATE);
        assertEquals(
                Errno.ENOSPC,
                assertThrows(DiskException.class, () -> other.write(bytes("x"), 200))
                        .errno());
        file.write(bytes("x"), 800);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }
}
