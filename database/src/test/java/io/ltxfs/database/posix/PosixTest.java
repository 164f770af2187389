package io.ltxfs.database.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PosixTest {
    @TempDir
    Path directory;

    @Test
    void readsBackWhatItWroteAtAnOffset() throws Exception {
        int fd = create("file");
        ByteBuffer out = ByteBuffer.allocateDirect(16).putLong(3, 0x1122334455667788L);
        out.position(3).limit(11);
        assertEquals(8, Posix.pwrite(fd, out, 100));
        assertEquals(3, out.position());
        ByteBuffer in = ByteBuffer.allocateDirect(8);
        assertEquals(8, Posix.pread(fd, in, 100));
        assertEquals(0x1122334455667788L, in.getLong(0));
        assertEquals(0, Posix.pread(fd, in, 108));
        assertEquals(0, Posix.ftruncate(fd, 104));
        assertEquals(104, Posix.fstat(fd).size());
        assertEquals(0, Posix.fdatasync(fd));
        assertEquals(0, Posix.close(fd));
        assertEquals(-Errno.EBADF, Posix.fsync(fd));
    }

    @Test
    void errorsAreNegativeNumbersAndNamedInExceptions() {
        String missing = directory.resolve("missing").toString();
        assertEquals(-Errno.ENOENT, Posix.open(missing, OpenFlags.RDONLY, 0));
        PosixException e = assertThrows(PosixException.class, () -> Posix.stat(missing));
        assertEquals(Errno.ENOENT, e.errno());
        assertEquals("stat " + missing + ": no such file or directory (ENOENT)", e.getMessage());
    }

    @Test
    void namesAreUtf8WhateverTheLocale() throws Exception {
        Set<String> names = Set.of("plain", "gr\u00fc\u00dfe", "\u6570\u636e", "\ud83d\ude00");
        for (String name : names) {
            Posix.close(create(name));
        }
        assertEquals(0, Posix.mkdir(path("dir"), 0700));
        assertEquals(0, Posix.symlink("gr\u00fc\u00dfe", path("link")));
        assertEquals("gr\u00fc\u00dfe", Posix.readlink(path("link")));
        Set<String> listed = Posix.list(directory.toString()).stream()
                .filter(e -> e.type() == FileMode.REGULAR && e.utf8())
                .map(DirectoryEntry::name)
                .collect(Collectors.toSet());
        assertEquals(names, listed);
        assertTrue(Posix.lstat(path("link")).isSymlink());
        assertTrue(Posix.stat(path("link")).isRegular());
    }

    @Test
    void timesAndModesAreWhatWasSet() throws Exception {
        int fd = create("file");
        assertEquals(0, Posix.fchmod(fd, 0640));
        assertEquals(0, Posix.futimens(fd, new FileTime(-5, 1), new FileTime(4_000_000_000L, 999_999_999)));
        FileStat stat = Posix.stat(path("file"));
        assertEquals(FileMode.REGULAR | 0640, stat.mode());
        assertEquals(new FileTime(-5, 1), stat.atime());
        assertEquals(new FileTime(4_000_000_000L, 999_999_999), stat.mtime());
        assertEquals(0, Posix.utimens(path("file"), Posix.TIME_OMIT, new FileTime(7, 8)));
        assertEquals(new FileTime(-5, 1), Posix.stat(path("file")).atime());
        assertEquals(new FileTime(7, 8), Posix.stat(path("file")).mtime());
        Posix.close(fd);
    }

    @Test
    void locksConflictBetweenOpenFilesOfOneProcess() throws Exception {
        int one = create("db");
        int two = Posix.open(path("db"), OpenFlags.RDWR | OpenFlags.CLOEXEC, 0);
        assertEquals(0, RecordLock.set(one, RecordLock.WRITE, 0x40000000L, 512));
        assertEquals(-Errno.EAGAIN, RecordLock.set(two, RecordLock.READ, 0x40000001L, 1));
        RecordLock.Holder holder =
                RecordLock.query(two, RecordLock.READ, 0x40000001L, 1).orElseThrow();
        assertEquals(new RecordLock.Holder(RecordLock.WRITE, 0x40000000L, 512, -1), holder);
        assertEquals(Optional.empty(), RecordLock.query(one, RecordLock.WRITE, 0x40000000L, 512));
        assertEquals(0, RecordLock.set(one, RecordLock.UNLOCK, 0x40000000L, 512));
        assertEquals(0, RecordLock.set(two, RecordLock.READ, 0x40000001L, 1));
        Posix.close(one);
        Posix.close(two);
    }

    @Test
    void statvfsTellsSpace() throws Exception {
        VolumeStat stat = Posix.statvfs(directory.toString());
        assertTrue(stat.blocks() > 0 && stat.availableBytes() > 0 && stat.nameBytesMax() >= 143, stat.toString());
        assertFalse(stat.blocksFree() > stat.blocks());
    }

    private String path(String name) {
        return directory + "/" + name;
    }

    private int create(String name) throws PosixException {
        int flags = OpenFlags.RDWR | OpenFlags.CREAT | OpenFlags.EXCL | OpenFlags.CLOEXEC;
        return (int) Posix.check(Posix.open(path(name), flags, 0600), "open " + name);
    }
}
