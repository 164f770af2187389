package io.ltxfs.fusefs.tree;

import io.ltxfs.database.posix.FileMode;
import io.ltxfs.database.posix.FileTime;
import io.ltxfs.database.posix.OpenFlags;
import io.ltxfs.fusefs.transport.Attr;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.Entry;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.FileSystemStat;
import io.ltxfs.fusefs.transport.ReplyAttr;
import io.ltxfs.fusefs.transport.ReplyCreate;
import io.ltxfs.fusefs.transport.ReplyData;
import io.ltxfs.fusefs.transport.ReplyDirectory;
import io.ltxfs.fusefs.transport.ReplyEmpty;
import io.ltxfs.fusefs.transport.ReplyEntry;
import io.ltxfs.fusefs.transport.ReplyLink;
import io.ltxfs.fusefs.transport.ReplyOpen;
import io.ltxfs.fusefs.transport.ReplyStatfs;
import io.ltxfs.fusefs.transport.ReplyWrite;
import io.ltxfs.fusefs.transport.SetAttr;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Sends requests as the kernel does and waits for their answers. Remembers the last open reply's flags. */
final class Client {
    static final int RDWR = OpenFlags.RDWR;

    private final FileSystem fileSystem;
    int uid;
    int gid;
    int pid = 4711;
    int lastFlags;

    Client(FileSystem fileSystem) {
        this.fileSystem = fileSystem;
    }

    /** A request was answered with an error number. */
    static final class Failed extends Exception {
        private static final long serialVersionUID = 1L;
        final int errno;

        Failed(int errno) {
            super("errno " + errno);
            this.errno = errno;
        }
    }

    /** What an open yields. */
    record Opened(Entry entry, long fh) {}

    private final Caller caller = new Caller() {
        @Override
        public int uid() {
            return uid;
        }

        @Override
        public int gid() {
            return gid;
        }

        @Override
        public int pid() {
            return pid;
        }

        @Override
        public int umask() {
            return 0;
        }
    };

    /** Every kind of answer in one. */
    private static final class Answer
            implements ReplyAttr,
                    ReplyCreate,
                    ReplyData,
                    ReplyDirectory,
                    ReplyEmpty,
                    ReplyEntry,
                    ReplyLink,
                    ReplyOpen,
                    ReplyStatfs,
                    ReplyWrite {
        final CompletableFuture<Object> result = new CompletableFuture<>();
        final List<String> names = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.allocateDirect(0);
        int flags;

        private void give(Object value) {
            if (!result.complete(value)) {
                throw new IllegalStateException("answered twice");
            }
        }

        @Override
        public void error(int errno) {
            if (!result.completeExceptionally(new Failed(errno))) {
                throw new IllegalStateException("answered twice");
            }
        }

        @Override
        public void attr(Attr attr, long timeoutMillis) {
            give(attr);
        }

        @Override
        public void created(Entry entry, long fh, int openFlags) {
            flags = openFlags;
            give(new Opened(entry, fh));
        }

        @Override
        public ByteBuffer buffer() {
            return buffer;
        }

        @Override
        public void filled(int bytes) {
            byte[] read = new byte[bytes];
            buffer.duplicate().position(0).get(read);
            give(read);
        }

        @Override
        public void data(ByteBuffer data) {
            byte[] read = new byte[data.remaining()];
            data.duplicate().get(read);
            give(read);
        }

        @Override
        public boolean add(String name, long ino, int mode, long nextOffset) {
            names.add(name);
            return true;
        }

        @Override
        public void done() {
            give(names);
        }

        @Override
        public void ok() {
            give(Boolean.TRUE);
        }

        @Override
        public void entry(Entry entry) {
            give(entry);
        }

        @Override
        public void target(String target) {
            give(target);
        }

        @Override
        public void opened(long fh, int openFlags) {
            flags = openFlags;
            give(fh);
        }

        @Override
        public void stat(FileSystemStat stat) {
            give(stat);
        }

        @Override
        public void written(int bytes) {
            give(bytes);
        }

        @Override
        public ByteBuffer retain() {
            throw new UnsupportedOperationException("nothing outlives a write here");
        }
    }

    private <T> T ask(Class<T> kind, Consumer<Answer> request) throws Failed {
        return ask(kind, new Answer(), request);
    }

    private <T> T ask(Class<T> kind, Answer answer, Consumer<Answer> request) throws Failed {
        request.accept(answer);
        try {
            T result = kind.cast(answer.result.get(60, TimeUnit.SECONDS));
            lastFlags = answer.flags;
            return result;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Failed failed) {
                throw failed;
            }
            throw new AssertionError(e);
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("no answer", e);
        }
    }

    /** The error number that a request is answered with; 0 if it succeeds. */
    static int errno(Request request) {
        try {
            request.run();
            return 0;
        } catch (Failed e) {
            return e.errno;
        }
    }

    interface Request {
        void run() throws Failed;
    }

    Entry lookup(long parent, String name) throws Failed {
        return ask(Entry.class, a -> fileSystem.lookup(caller, parent, name, a));
    }

    Entry mkdir(long parent, String name) throws Failed {
        return ask(Entry.class, a -> fileSystem.mkdir(caller, parent, name, FileMode.DIRECTORY | 0755, a));
    }

    Opened create(long parent, String name) throws Failed {
        return create(parent, name, 0644);
    }

    Opened create(long parent, String name, int mode) throws Failed {
        return ask(
                Opened.class,
                a -> fileSystem.create(
                        caller, parent, name, FileMode.REGULAR | mode, RDWR | OpenFlags.CREAT | OpenFlags.EXCL, a));
    }

    Opened createOrOpen(long parent, String name) throws Failed {
        return ask(
                Opened.class,
                a -> fileSystem.create(caller, parent, name, FileMode.REGULAR | 0644, RDWR | OpenFlags.CREAT, a));
    }

    long open(long node, int flags) throws Failed {
        return ask(Long.class, a -> fileSystem.open(caller, node, flags, a));
    }

    void release(long node, long fh) throws Failed {
        ask(Boolean.class, a -> fileSystem.release(caller, node, fh, 0, a));
    }

    void forget(long node, long lookups) {
        fileSystem.forget(node, lookups);
    }

    byte[] read(long node, long fh, long offset, int size) throws Failed {
        Answer answer = new Answer();
        answer.buffer = ByteBuffer.allocateDirect(size);
        return ask(byte[].class, answer, a -> fileSystem.read(caller, node, fh, offset, size, a));
    }

    String text(long node, long fh) throws Failed {
        return new String(read(node, fh, 0, 4096), StandardCharsets.UTF_8);
    }

    int write(long node, long fh, long offset, byte[] data) throws Failed {
        ByteBuffer direct = ByteBuffer.allocateDirect(data.length).put(data).flip();
        return ask(Integer.class, a -> fileSystem.write(caller, node, fh, offset, direct, 0, a));
    }

    void fsync(long node, long fh) throws Failed {
        ask(Boolean.class, a -> fileSystem.fsync(caller, node, fh, false, a));
    }

    Attr getattr(long node) throws Failed {
        return ask(Attr.class, a -> fileSystem.getattr(caller, node, FileSystem.NO_HANDLE, a));
    }

    Attr truncate(long node, long size) throws Failed {
        return set(node, SetAttr.SIZE, size, 0, 0, null);
    }

    Attr chmod(long node, int mode) throws Failed {
        return set(node, SetAttr.MODE, 0, mode, 0, null);
    }

    Attr chown(long node, int owner) throws Failed {
        return set(node, SetAttr.UID, 0, 0, owner, null);
    }

    Attr touch(long node, FileTime time) throws Failed {
        return set(node, SetAttr.MTIME | SetAttr.ATIME, 0, 0, 0, time);
    }

    private Attr set(long node, int valid, long size, int mode, int owner, @Nullable FileTime time) throws Failed {
        FileTime at = time == null ? FileTime.now() : time;
        SetAttr change = new SetAttr(valid, FileSystem.NO_HANDLE, size, at, at, at, mode, owner, owner);
        return ask(Attr.class, a -> fileSystem.setattr(caller, node, change, a));
    }

    void unlink(long parent, String name) throws Failed {
        ask(Boolean.class, a -> fileSystem.unlink(caller, parent, name, a));
    }

    void rmdir(long parent, String name) throws Failed {
        ask(Boolean.class, a -> fileSystem.rmdir(caller, parent, name, a));
    }

    void rename(long parent, String name, long newParent, String newName, int flags) throws Failed {
        ask(Boolean.class, a -> fileSystem.rename(caller, parent, name, newParent, newName, flags, a));
    }

    void link(long node, long parent, String name) throws Failed {
        ask(Entry.class, a -> fileSystem.link(caller, node, parent, name, a));
    }

    Entry symlink(long parent, String name, String target) throws Failed {
        return ask(Entry.class, a -> fileSystem.symlink(caller, parent, name, target, a));
    }

    String readlink(long node) throws Failed {
        return ask(String.class, a -> fileSystem.readlink(caller, node, a));
    }

    void fsyncdir(long node) throws Failed {
        ask(Boolean.class, a -> fileSystem.fsyncdir(caller, node, 0, false, a));
    }

    /** The names in a directory, sorted, without the two that are in each. */
    List<String> list(long node) throws Failed {
        long fh = ask(Long.class, a -> fileSystem.opendir(caller, node, a));
        List<?> names = ask(List.class, a -> fileSystem.readdir(caller, node, fh, 0, a));
        ask(Boolean.class, a -> fileSystem.releasedir(caller, node, fh, a));
        return names.stream()
                .map(String.class::cast)
                .filter(name -> !name.equals(".") && !name.equals(".."))
                .sorted()
                .toList();
    }
}
