package io.ltxfs.integrationtests.record;

import io.ltxfs.database.sim.TraceRecord;
import io.ltxfs.database.sim.TraceWriter;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.Entry;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.Notifier;
import io.ltxfs.fusefs.transport.ReplyAttr;
import io.ltxfs.fusefs.transport.ReplyCreate;
import io.ltxfs.fusefs.transport.ReplyData;
import io.ltxfs.fusefs.transport.ReplyDirectory;
import io.ltxfs.fusefs.transport.ReplyEmpty;
import io.ltxfs.fusefs.transport.ReplyEntry;
import io.ltxfs.fusefs.transport.ReplyLink;
import io.ltxfs.fusefs.transport.ReplyOffset;
import io.ltxfs.fusefs.transport.ReplyOpen;
import io.ltxfs.fusefs.transport.ReplyStatfs;
import io.ltxfs.fusefs.transport.ReplyWrite;
import io.ltxfs.fusefs.transport.SetAttr;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A file system that passes every request on and writes those that matter to SQLite into a trace, once they were
 * answered: what the crash simulator of the database module replays. Locks are the kernel's and are not seen here. A
 * write is recorded before it is passed on if its buffer does not live longer.
 */
public final class RecordingFileSystem implements FileSystem {
    private record Opened(String path, int pid) {}

    private final FileSystem inner;
    private final TraceWriter trace;
    private final Map<Long, String> paths = new ConcurrentHashMap<>(Map.of(ROOT, ""));
    private final Map<Long, Opened> handles = new ConcurrentHashMap<>();

    /** Records all of {@code inner} until the trace is closed. */
    public RecordingFileSystem(FileSystem inner, TraceWriter trace) {
        this.inner = inner;
        this.trace = trace;
    }

    @Override
    public void init(Notifier notifier) {
        inner.init(notifier);
    }

    @Override
    public void destroy() {
        inner.destroy();
    }

    @Override
    public void lookup(Caller caller, long parent, String name, ReplyEntry reply) {
        inner.lookup(caller, parent, name, named(parent, name, reply));
    }

    @Override
    public void forget(long node, long lookups) {
        inner.forget(node, lookups);
    }

    @Override
    public void getattr(Caller caller, long node, long fh, ReplyAttr reply) {
        inner.getattr(caller, node, fh, reply);
    }

    @Override
    public void setattr(Caller caller, long node, SetAttr change, ReplyAttr reply) {
        if (!change.has(SetAttr.SIZE)) {
            inner.setattr(caller, node, change, reply);
            return;
        }
        Opened opened = change.has(SetAttr.FH) ? handles.get(change.fh()) : null;
        String path = paths.getOrDefault(node, "");
        int fd = opened == null ? -1 : (int) change.fh();
        int pid = opened == null ? caller.pid() : opened.pid;
        inner.setattr(caller, node, change, new ReplyAttr() {
            @Override
            public void attr(io.ltxfs.fusefs.transport.Attr attr, long timeoutMillis) {
                add(TraceRecord.TRUNCATE, pid, fd, change.size(), path);
                reply.attr(attr, timeoutMillis);
            }

            @Override
            public void error(int errno) {
                refused(TraceRecord.TRUNCATE, pid, fd, change.size(), path, errno, new byte[0]);
                reply.error(errno);
            }
        });
    }

    @Override
    public void readlink(Caller caller, long node, ReplyLink reply) {
        inner.readlink(caller, node, reply);
    }

    @Override
    public void symlink(Caller caller, long parent, String name, String target, ReplyEntry reply) {
        inner.symlink(caller, parent, name, target, named(parent, name, reply));
    }

    @Override
    public void mknod(Caller caller, long parent, String name, int mode, int rdev, ReplyEntry reply) {
        inner.mknod(caller, parent, name, mode, rdev, named(parent, name, reply));
    }

    @Override
    public void mkdir(Caller caller, long parent, String name, int mode, ReplyEntry reply) {
        inner.mkdir(caller, parent, name, mode, named(parent, name, reply));
    }

    @Override
    public void unlink(Caller caller, long parent, String name, ReplyEmpty reply) {
        String path = child(parent, name);
        inner.unlink(caller, parent, name, settled(TraceRecord.UNLINK, caller.pid(), -1, path, reply));
    }

    @Override
    public void rmdir(Caller caller, long parent, String name, ReplyEmpty reply) {
        inner.rmdir(caller, parent, name, reply);
    }

    @Override
    public void rename(
            Caller caller, long parent, String name, long newParent, String newName, int flags, ReplyEmpty reply) {
        String from = child(parent, name);
        String to = child(newParent, newName);
        int pid = caller.pid();
        inner.rename(caller, parent, name, newParent, newName, flags, new ReplyEmpty() {
            @Override
            public void ok() {
                paths.replaceAll((node, path) -> path.equals(from) ? to : path);
                put(new TraceRecord(
                        TraceRecord.RENAME, pid, -1, 0, from, to.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
                reply.ok();
            }

            @Override
            public void error(int errno) {
                reply.error(errno);
            }
        });
    }

    @Override
    public void open(Caller caller, long node, int flags, ReplyOpen reply) {
        String path = paths.getOrDefault(node, "");
        int pid = caller.pid();
        inner.open(caller, node, flags, new ReplyOpen() {
            @Override
            public void opened(long fh, int openFlags) {
                handles.put(fh, new Opened(path, pid));
                add(TraceRecord.OPEN, pid, (int) fh, flags & 3, path);
                reply.opened(fh, openFlags);
            }

            @Override
            public void error(int errno) {
                reply.error(errno);
            }
        });
    }

    @Override
    public void create(Caller caller, long parent, String name, int mode, int flags, ReplyCreate reply) {
        String path = child(parent, name);
        int pid = caller.pid();
        inner.create(caller, parent, name, mode, flags, new ReplyCreate() {
            @Override
            public void created(Entry entry, long fh, int openFlags) {
                paths.put(entry.node(), path);
                handles.put(fh, new Opened(path, pid));
                add(TraceRecord.CREATE, pid, (int) fh, 0, path);
                reply.created(entry, fh, openFlags);
            }

            @Override
            public void error(int errno) {
                reply.error(errno);
            }
        });
    }

    @Override
    public void read(Caller caller, long node, long fh, long offset, int size, ReplyData reply) {
        inner.read(caller, node, fh, offset, size, reply);
    }

    @Override
    public void write(Caller caller, long node, long fh, long offset, ByteBuffer data, int flags, ReplyWrite reply) {
        Opened opened = handles.get(fh);
        if (opened == null || opened.path.endsWith("-shm")) {
            inner.write(caller, node, fh, offset, data, flags, reply);
            return;
        }
        byte[] bytes = new byte[data.remaining()];
        data.duplicate().get(bytes);
        inner.write(caller, node, fh, offset, data, flags, new ReplyWrite() {
            @Override
            public void written(int count) {
                byte[] taken = count == bytes.length ? bytes : java.util.Arrays.copyOf(bytes, count);
                put(new TraceRecord(TraceRecord.WRITE, opened.pid, (int) fh, offset, opened.path, taken));
                reply.written(count);
            }

            @Override
            public ByteBuffer retain() {
                return reply.retain();
            }

            @Override
            public void error(int errno) {
                refused(TraceRecord.WRITE, opened.pid, (int) fh, offset, opened.path, errno, bytes);
                reply.error(errno);
            }
        });
    }

    @Override
    public void fsync(Caller caller, long node, long fh, boolean dataOnly, ReplyEmpty reply) {
        Opened opened = handles.getOrDefault(fh, new Opened(paths.getOrDefault(node, ""), caller.pid()));
        inner.fsync(caller, node, fh, dataOnly, settled(TraceRecord.SYNC, opened.pid, (int) fh, opened.path, reply));
    }

    @Override
    public void release(Caller caller, long node, long fh, int flags, ReplyEmpty reply) {
        Opened opened = handles.remove(fh);
        if (opened != null) {
            add(TraceRecord.CLOSE, opened.pid, (int) fh, 0, opened.path);
        }
        inner.release(caller, node, fh, flags, reply);
    }

    @Override
    public void opendir(Caller caller, long node, ReplyOpen reply) {
        inner.opendir(caller, node, reply);
    }

    @Override
    public void readdir(Caller caller, long node, long fh, long offset, ReplyDirectory reply) {
        inner.readdir(caller, node, fh, offset, reply);
    }

    @Override
    public void releasedir(Caller caller, long node, long fh, ReplyEmpty reply) {
        inner.releasedir(caller, node, fh, reply);
    }

    @Override
    public void fsyncdir(Caller caller, long node, long fh, boolean dataOnly, ReplyEmpty reply) {
        inner.fsyncdir(caller, node, fh, dataOnly, reply);
    }

    @Override
    public void statfs(Caller caller, long node, ReplyStatfs reply) {
        inner.statfs(caller, node, reply);
    }

    @Override
    public void fallocate(Caller caller, long node, long fh, int mode, long offset, long length, ReplyEmpty reply) {
        inner.fallocate(caller, node, fh, mode, offset, length, reply);
    }

    @Override
    public void lseek(Caller caller, long node, long fh, long offset, int whence, ReplyOffset reply) {
        inner.lseek(caller, node, fh, offset, whence, reply);
    }

    private ReplyEntry named(long parent, String name, ReplyEntry reply) {
        String path = child(parent, name);
        return new ReplyEntry() {
            @Override
            public void entry(Entry entry) {
                if (entry.node() != 0) {
                    paths.put(entry.node(), path);
                }
                reply.entry(entry);
            }

            @Override
            public void error(int errno) {
                reply.error(errno);
            }
        };
    }

    private ReplyEmpty settled(char kind, int pid, int fd, String path, ReplyEmpty reply) {
        return new ReplyEmpty() {
            @Override
            public void ok() {
                add(kind, pid, fd, 0, path);
                reply.ok();
            }

            @Override
            public void error(int errno) {
                refused(kind, pid, fd, 0, path, errno, new byte[0]);
                reply.error(errno);
            }
        };
    }

    private String child(long parent, String name) {
        String directory = paths.getOrDefault(parent, "");
        return directory.isEmpty() ? name : directory + "/" + name;
    }

    private void refused(char kind, int pid, int fd, long offset, String path, int errno, byte[] bytes) {
        byte[] data = ByteBuffer.allocate(2 + bytes.length)
                .put((byte) kind)
                .put((byte) errno)
                .put(bytes)
                .array();
        put(new TraceRecord(TraceRecord.REFUSED, pid, fd, offset, path, data));
    }

    private void add(char kind, int pid, int fd, long offset, String path) {
        put(new TraceRecord(kind, pid, fd, offset, path, new byte[0]));
    }

    private void put(TraceRecord record) {
        try {
            trace.add(record);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
