package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.Handle;
import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.database.posix.Posix;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.ReplyData;
import io.ltxfs.fusefs.transport.ReplyEmpty;
import io.ltxfs.fusefs.transport.ReplyOpen;
import io.ltxfs.fusefs.transport.ReplyWrite;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.IntPredicate;

/** Opens, reads, writes, syncs and closes regular and virtual files. */
final class FileRequests {
    private final Parts parts;
    private final AttributeRequests attributes;
    private final IntPredicate ownThread;
    private final Conversions conversions;

    FileRequests(Parts parts, AttributeRequests attributes, Conversions conversions, IntPredicate ownThread) {
        this.parts = parts;
        this.conversions = conversions;
        this.attributes = attributes;
        this.ownThread = ownThread;
    }

    void open(Caller caller, long node, int flags, ReplyOpen reply) throws IOException {
        Inode inode = parts.nodes().get(node);
        if (inode instanceof VirtualFile) {
            if (writes(flags)) {
                throw new TreeException(Errno.EACCES, "write to a virtual file");
            }
            long fh = parts.handles().nextFh();
            parts.handles().put(fh, new Opened.OpenVirtual());
            reply.opened(fh, ReplyOpen.DIRECT_IO);
        } else if (inode instanceof RegularFile file) {
            open(caller, file, flags, new Opening() {
                @Override
                public void opened(OpenFile open) {
                    reply.opened(open.fh(), ReplyOpen.KEEP_CACHE);
                }

                @Override
                public void failed(int errno) {
                    reply.error(errno);
                }
            });
        } else {
            throw new TreeException(inode instanceof Directory ? Errno.EISDIR : Errno.ENXIO, "open node " + node);
        }
    }

    private static boolean writes(int flags) {
        return (flags & OpenFlags.ACCMODE) != OpenFlags.RDONLY;
    }

    /** What follows an open: one of the two is called, once, by any thread. */
    interface Opening {
        void opened(OpenFile open);

        void failed(int errno);
    }

    /** Opens a regular file; what it throws, it has not told. */
    void open(Caller caller, RegularFile file, int flags, Opening opening) throws IOException {
        if (file.isOrphan()) {
            refuseOrphan(file, flags);
        }
        try {
            boolean waits = writes(flags)
                    && file.content() instanceof Content.Plain
                    && conversions.convert(caller, file, errno -> converted(caller, file, flags, errno, opening));
            if (!waits) {
                opening.opened(open(caller, file, flags));
            }
        } catch (IOException e) {
            if (isRemoved(TreeException.errnoOf(e))) {
                throw TreeException.stale(file.id());
            }
            throw e;
        }
    }

    /**
     * Whether an open came too late: its name went meanwhile, from the mirror first. The kernel then looks the name up again,
     * and an open that may make a file makes one.
     */
    private static boolean isRemoved(int errno) {
        return errno == Errno.ENOENT;
    }

    private void converted(Caller caller, RegularFile file, int flags, int errno, Opening opening) {
        int failed = errno;
        OpenFile open = null;
        if (failed == 0) {
            try {
                open = open(caller, file, flags);
            } catch (IOException e) {
                failed = TreeException.errnoOf(e);
            }
        }
        if (open != null) {
            opening.opened(open);
        } else {
            opening.failed(isRemoved(failed) ? Errno.ESTALE : failed);
        }
    }

    /** If the name stands for another file by now, the kernel looks it up again, and finds that or makes one. */
    private void refuseOrphan(RegularFile file, int flags) throws IOException {
        parts.paths().readLock().lock();
        try {
            if (file.isLinked() && !(writes(flags) && parts.orphans().isAnothers(file))) {
                return;
            }
            parts.orphans().remove(file);
        } finally {
            parts.paths().readLock().unlock();
        }
        throw TreeException.stale(file.id());
    }

    private OpenFile open(Caller caller, RegularFile file, int flags) throws IOException {
        if (file.isRevoked()) {
            throw TreeException.stale(file.id());
        }
        int pid = caller.pid();
        Handle handle = new Handle(writes(flags), ownThread.test(pid), pid);
        OpenFile open = new OpenFile(parts.handles().nextFh(), file, handle);
        boolean told = false;
        while (!told) {
            told = file.content() instanceof Content.Sqlite sqlite
                    ? openSqlite(file, sqlite, open)
                    : openPlain(file, open);
        }
        parts.nodes().pin(file);
        parts.handles().put(open.fh(), open);
        return open;
    }

    /** With no lock held while the database is told: it may be busy with a commit. @return false if it is not that now */
    private boolean openSqlite(RegularFile file, Content.Sqlite sqlite, OpenFile open) throws TreeException {
        Handle handle = open.handle();
        sqlite.file().opened(handle);
        if (sqlite.file().isGone()) {
            // Removed between the look-up and this: the kernel looks the name up again.
            sqlite.file().released(handle);
            throw TreeException.stale(file.id());
        }
        file.lock().writeLock().lock();
        try {
            if (file.content() == sqlite) {
                file.opensLocked().add(open);
                Database database = sqlite.database();
                if (sqlite.role() == Role.DATABASE && database != null && handle.writable() && !handle.own()) {
                    parts.events().opened(database);
                }
                return true;
            }
        } finally {
            file.lock().writeLock().unlock();
        }
        // It was renamed a moment ago, and is another database now, or a plain file.
        sqlite.file().released(handle);
        return false;
    }

    /** @return false if it is a database by now */
    private boolean openPlain(RegularFile file, OpenFile open) throws IOException {
        parts.paths().readLock().lock();
        file.lock().writeLock().lock();
        try {
            if (!(file.content() instanceof Content.Plain plain)) {
                return false;
            }
            int fd = plain.fd();
            if (fd == Content.Plain.CLOSED) {
                fd = parts.mirror().open(file.path());
                file.content(new Content.Plain(fd));
            }
            file.opensLocked().add(open);
            if (open.handle().writable() && file.isLinked() && Mirror.isDatabase(fd)) {
                recognise(file, open, fd);
            }
            return true;
        } finally {
            file.lock().writeLock().unlock();
            parts.paths().readLock().unlock();
        }
    }

    private void recognise(RegularFile file, OpenFile open, int fd) throws IOException {
        try {
            parts.recognition().database(file);
        } catch (IOException e) {
            file.opensLocked().remove(open);
            if (file.opensLocked().isEmpty()) {
                Posix.close(fd);
                file.content(new Content.Plain(Content.Plain.CLOSED));
            }
            throw e;
        }
    }

    void read(long node, long fh, long offset, int size, ReplyData reply) throws IOException {
        if (parts.nodes().get(node) instanceof VirtualFile virtual) {
            readVirtual(virtual, fh, offset, size, reply);
            return;
        }
        OpenFile open = parts.handles().get(fh, OpenFile.class);
        reply.filled(read(open.file(), offset, reply.buffer()));
    }

    private int read(RegularFile file, long offset, ByteBuffer buffer) throws IOException {
        if (file.isRevoked()) {
            // SQLite takes EIO for a damaged file when it reads, and says "malformed"; this it calls a disk I/O error.
            throw TreeException.stale(file.id());
        }
        if (!(file.content() instanceof Content.Sqlite sqlite)) {
            file.lock().readLock().lock();
            try {
                if (file.content() instanceof Content.Plain plain) {
                    return readPlain(plain.fd(), offset, buffer);
                }
            } finally {
                file.lock().readLock().unlock();
            }
            return read(file, offset, buffer);
        }
        return Math.max(0, sqlite.file().read(offset, buffer));
    }

    private static void refuseRevoked(RegularFile file) throws TreeException {
        if (file.isRevoked()) {
            throw new TreeException(Errno.EIO, "a handle of before another node wrote the database");
        }
    }

    private static int readPlain(int fd, long offset, ByteBuffer buffer) throws TreeException {
        int start = buffer.position();
        while (buffer.hasRemaining()) {
            int done = buffer.position() - start;
            int count = (int) TreeException.check(Posix.pread(fd, buffer, offset + done), "read");
            if (count == 0) {
                break;
            }
            buffer.position(buffer.position() + count);
        }
        return buffer.position() - start;
    }

    /** What a virtual file shows is made when it is read from its beginning. */
    private void readVirtual(VirtualFile file, long fh, long offset, int size, ReplyData reply) throws IOException {
        Opened.OpenVirtual open = parts.handles().get(fh, Opened.OpenVirtual.class);
        byte[] text;
        synchronized (open) {
            if (offset == 0) {
                open.text(parts.virtuals().text(file).orElse(new byte[0]));
            }
            text = open.text();
        }
        reply.data(slice(text, offset, size));
    }

    private static ByteBuffer slice(byte[] text, long offset, int size) {
        int from = (int) Math.min(text.length, offset);
        return ByteBuffer.wrap(Arrays.copyOfRange(text, from, Math.min(text.length, from + size)));
    }

    void write(Caller caller, long node, long fh, long offset, ByteBuffer data, int flags, ReplyWrite reply)
            throws IOException {
        RegularFile file;
        Handle handle;
        OpenFile open = parts.handles().file(fh);
        if (open != null) {
            file = open.file();
            handle = open.handle();
        } else if ((flags & FileSystem.WRITE_CACHE) != 0 && parts.nodes().get(node) instanceof RegularFile cached) {
            // Stores to a mapping are written back through any handle, perhaps after its release; they never fail (D2).
            file = cached;
            handle = new Handle(true, false, caller.pid());
        } else {
            throw new TreeException(Errno.EBADF, "handle " + fh);
        }
        refuseRevoked(file);
        boolean written = false;
        while (!written) {
            if (file.content() instanceof Content.Sqlite sqlite) {
                writeSqlite(file, sqlite, handle, offset, data, reply);
                written = true;
            } else {
                written = writePlain(file, offset, data, reply);
            }
        }
    }

    /** @return false if it is, or by this write becomes, a database: nothing was written then */
    private boolean writePlain(RegularFile file, long offset, ByteBuffer data, ReplyWrite reply) throws IOException {
        if (Mirror.touchesHeader(offset)) {
            file.headerWritten();
            if (offset == 0 && file.isLinked() && Mirror.startsDatabase(data)) {
                parts.paths().readLock().lock();
                try {
                    parts.recognition().database(file);
                    return false;
                } finally {
                    parts.paths().readLock().unlock();
                }
            }
        }
        int written = 0;
        file.lock().readLock().lock();
        try {
            if (!(file.content() instanceof Content.Plain plain)) {
                return false;
            }
            while (data.hasRemaining()) {
                long count = Posix.pwrite(plain.fd(), data, offset + written);
                if (count < 0 && written == 0) {
                    throw new TreeException((int) -count, "write");
                }
                if (count <= 0) {
                    break;
                }
                written += (int) count;
                data.position(data.position() + (int) count);
            }
            file.wrote(offset, written);
        } finally {
            file.lock().readLock().unlock();
        }
        reply.written(written);
        return true;
    }

    private void writeSqlite(
            RegularFile file, Content.Sqlite sqlite, Handle handle, long offset, ByteBuffer data, ReplyWrite reply) {
        int bytes = data.remaining();
        sqlite.file().write(handle, offset, data, errno -> {
            if (errno == 0) {
                sqlite.attributes().touch();
                reply.written(bytes);
            } else {
                parts.kernel().forgetRange(file.id(), offset, bytes);
                reply.error(errno);
            }
        });
    }

    void fsync(long fh, boolean dataOnly, ReplyEmpty reply) throws IOException {
        OpenFile open = parts.handles().get(fh, OpenFile.class);
        refuseRevoked(open.file());
        if (open.file().content() instanceof Content.Sqlite sqlite) {
            syncSqlite(sqlite, open, reply);
            return;
        }
        try {
            parts.slow().execute(Tree.task(reply, () -> syncPlain(open, dataOnly, reply)));
        } catch (RejectedExecutionException e) {
            syncPlain(open, dataOnly, reply);
        }
    }

    private static void syncSqlite(Content.Sqlite sqlite, OpenFile open, ReplyEmpty reply) {
        sqlite.file().sync(open.handle(), errno -> {
            if (errno == 0) {
                reply.ok();
            } else {
                reply.error(errno);
            }
        });
    }

    /** Syncs through a descriptor of its own: the file's lock would keep readers waiting as long as the disk takes. */
    private static void syncPlain(OpenFile open, boolean dataOnly, ReplyEmpty reply) throws IOException {
        RegularFile file = open.file();
        int fd;
        file.lock().readLock().lock();
        try {
            if (file.content() instanceof Content.Sqlite sqlite) {
                syncSqlite(sqlite, open, reply);
                return;
            }
            int shared = ((Content.Plain) file.content()).fd();
            fd = Posix.open("/proc/self/fd/" + shared, OpenFlags.RDONLY | OpenFlags.CLOEXEC, 0);
        } finally {
            file.lock().readLock().unlock();
        }
        TreeException.check(fd, "open a plain file to sync it");
        int result = dataOnly ? Posix.fdatasync(fd) : Posix.fsync(fd);
        Posix.close(fd);
        TreeException.check(result, "fsync of a plain file");
        reply.ok();
    }

    void fallocate(long fh, int mode, long offset, long length, ReplyEmpty reply) throws IOException {
        RegularFile file = parts.handles().get(fh, OpenFile.class).file();
        file.lock().readLock().lock();
        try {
            if (!(file.content() instanceof Content.Plain plain)) {
                throw new TreeException(Errno.EOPNOTSUPP, "fallocate of a file of SQLite's");
            }
            TreeException.check(Posix.fallocate(plain.fd(), mode, offset, length), "fallocate");
            file.wrote(offset, length);
        } finally {
            file.lock().readLock().unlock();
        }
        reply.ok();
    }

    void release(long fh, ReplyEmpty reply) throws IOException {
        Opened opened = parts.handles().remove(fh, Opened.class);
        if (opened instanceof OpenFile open) {
            close(open);
        }
        reply.ok();
    }

    /**
     * What a file was when it lost a handle: whoever makes another of it afterwards does not know of the handle any more.
     *
     * @param used whether an application still has it open
     */
    private record Left(Content content, boolean used) {}

    private void close(OpenFile open) {
        RegularFile file = open.file();
        Left left = file.content() instanceof Content.Plain && file.isLinked()
                ? closeLinkedPlain(file, open)
                : removeOpen(file, open);
        if (left.content() instanceof Content.Sqlite sqlite) {
            sqlite.file().released(open.handle());
            Database database = sqlite.database();
            if (!left.used() && !open.handle().own() && sqlite.role() == Role.DATABASE && database != null) {
                attributes.saveTimes(file);
                parts.events().closed(database);
            }
        }
        parts.nodes().unpin(file);
    }

    private Left closeLinkedPlain(RegularFile file, OpenFile open) {
        parts.paths().readLock().lock();
        file.lock().writeLock().lock();
        try {
            if (file.content() instanceof Content.Plain plain && file.takeHeaderWritten()) {
                recogniseClosed(file, plain.fd());
            }
            return removeOpen(file, open);
        } finally {
            file.lock().writeLock().unlock();
            parts.paths().readLock().unlock();
        }
    }

    private static Left removeOpen(RegularFile file, OpenFile open) {
        file.lock().writeLock().lock();
        try {
            file.opensLocked().remove(open);
            if (file.opensLocked().isEmpty() && file.content() instanceof Content.Plain plain) {
                Posix.close(plain.fd());
                file.content(new Content.Plain(Content.Plain.CLOSED));
            }
            return new Left(file.content(), file.isUsedLocked());
        } finally {
            file.lock().writeLock().unlock();
        }
    }

    /** A header that came in pieces shows only now. */
    private void recogniseClosed(RegularFile file, int fd) {
        if (!Mirror.isDatabase(fd)) {
            return;
        }
        try {
            parts.recognition().database(file);
        } catch (IOException e) {
            // Stays plain for now; the next open for writing tries again.
            file.headerWritten();
        }
    }
}
