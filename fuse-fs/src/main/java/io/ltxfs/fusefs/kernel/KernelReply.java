package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Posix;
import io.ltxfs.fusefs.transport.Attr;
import io.ltxfs.fusefs.transport.Caller;
import io.ltxfs.fusefs.transport.Entry;
import io.ltxfs.fusefs.transport.FileSystemStat;
import io.ltxfs.fusefs.transport.Opcode;
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
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * One request's answer, of whichever kind, and its caller.
 *
 * <p>A small object of its own for each request, so that a handler that holds on to it can at worst be told that it
 * answered twice. The memory that an answer needs is the reader thread's as long as the handler runs there; one that is
 * answered elsewhere, or later, takes memory from the pool.
 */
final class KernelReply
        implements Caller,
                ReplyEntry,
                ReplyAttr,
                ReplyLink,
                ReplyOpen,
                ReplyCreate,
                ReplyData,
                ReplyDirectory,
                ReplyEmpty,
                ReplyOffset,
                ReplyStatfs,
                ReplyWrite {
    private static final AtomicIntegerFieldUpdater<KernelReply> ANSWERED =
            AtomicIntegerFieldUpdater.newUpdater(KernelReply.class, "answered");

    private final RequestReader reader;
    private final long unique;
    private final int opcode;
    private final int uid;
    private final int gid;
    private final int pid;

    /** The bytes that the caller has room for, of a READ or READDIR; those of a WRITE. */
    private int size;

    private int umask;
    private volatile int answered;

    /** Memory with something in it already: a buffer that was asked for, or names of a directory. */
    private @Nullable ReplyMemory memory;

    private int directoryBytes;
    private @Nullable ByteBuffer retained;

    KernelReply(RequestReader reader, ByteBuffer request, int opcode) {
        this.reader = reader;
        this.opcode = opcode;
        unique = request.getLong(FuseLayout.In.UNIQUE);
        uid = request.getInt(FuseLayout.In.UID);
        gid = request.getInt(FuseLayout.In.GID);
        pid = request.getInt(FuseLayout.In.PID);
    }

    void size(int bytes) {
        size = bytes;
    }

    void umask(int mask) {
        umask = mask;
    }

    boolean isAnswered() {
        return answered != 0;
    }

    /** Whether the reader's memory is in use by this request. */
    boolean holds(ReplyMemory candidate) {
        return memory == candidate;
    }

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
        return umask;
    }

    @Override
    public void error(int errno) {
        if (errno <= 0 || errno >= 512) {
            throw new IllegalArgumentException("not an error number: " + errno);
        }
        claim();
        send(memory(), errno, 0);
    }

    @Override
    public void ok() {
        claim();
        send(memory(), 0, 0);
    }

    @Override
    public void entry(Entry entry) {
        if (entry.node() == 0 && opcode != Opcode.LOOKUP) {
            throw new IllegalArgumentException("a negative entry answers lookup only, not " + Opcode.name(opcode));
        }
        claim();
        ReplyMemory out = memory();
        ReplyEncoder.entry(out.payload(FuseLayout.EntryOut.BYTES), 0, entry);
        send(out, 0, FuseLayout.EntryOut.BYTES);
    }

    @Override
    public void attr(Attr attr, long timeoutMillis) {
        Objects.requireNonNull(attr, "attr");
        claim();
        ReplyMemory out = memory();
        ReplyEncoder.attrOut(out.payload(FuseLayout.AttrOut.BYTES), attr, timeoutMillis);
        send(out, 0, FuseLayout.AttrOut.BYTES);
    }

    @Override
    public void target(String target) {
        byte[] utf8 = target.getBytes(StandardCharsets.UTF_8);
        if (utf8.length >= NativeBlock.PAGE) {
            throw new IllegalArgumentException("link target of " + utf8.length + " bytes");
        }
        claim();
        ReplyMemory out = memory();
        out.payload(utf8.length).put(utf8);
        send(out, 0, utf8.length);
    }

    @Override
    public void opened(long fh, int flags) {
        claim();
        ReplyMemory out = memory();
        ReplyEncoder.opened(out.payload(FuseLayout.OpenOut.BYTES), 0, fh, flags);
        send(out, 0, FuseLayout.OpenOut.BYTES);
    }

    @Override
    public void created(Entry entry, long fh, int flags) {
        if (entry.node() == 0) {
            throw new IllegalArgumentException("a created file has a node");
        }
        claim();
        ReplyMemory out = memory();
        int bytes = FuseLayout.EntryOut.BYTES + FuseLayout.OpenOut.BYTES;
        ByteBuffer payload = out.payload(bytes);
        ReplyEncoder.entry(payload, 0, entry);
        ReplyEncoder.opened(payload, FuseLayout.EntryOut.BYTES, fh, flags);
        send(out, 0, bytes);
    }

    @Override
    public void offset(long offset) {
        claim();
        ReplyMemory out = memory();
        out.payload(FuseLayout.LSEEK_OUT_BYTES).putLong(0, offset);
        send(out, 0, FuseLayout.LSEEK_OUT_BYTES);
    }

    @Override
    public void written(int bytes) {
        if (bytes < 0 || bytes > size) {
            throw new IllegalArgumentException("wrote " + bytes + " of " + size + " bytes");
        }
        claim();
        ReplyMemory out = memory();
        out.payload(FuseLayout.WRITE_OUT_BYTES).putInt(0, bytes).putInt(4, 0);
        send(out, 0, FuseLayout.WRITE_OUT_BYTES);
    }

    @Override
    public ByteBuffer retain() {
        ByteBuffer kept = retained;
        if (kept == null) {
            ByteBuffer data = reader.writeData(size);
            kept = reader.pool().takeData(size);
            kept.put(data).flip();
            retained = kept;
        }
        return kept;
    }

    @Override
    public void stat(FileSystemStat stat) {
        Objects.requireNonNull(stat, "stat");
        claim();
        ReplyMemory out = memory();
        ReplyEncoder.statfs(out.payload(FuseLayout.StatfsOut.BYTES), stat);
        send(out, 0, FuseLayout.StatfsOut.BYTES);
    }

    @Override
    public ByteBuffer buffer() {
        return reserve().payload(size);
    }

    @Override
    public void filled(int bytes) {
        if (bytes < 0 || bytes > size) {
            throw new IllegalArgumentException("read " + bytes + " of " + size + " bytes");
        }
        claim();
        send(memory(), 0, bytes);
    }

    @Override
    public void data(ByteBuffer data) {
        int bytes = data.remaining();
        if (bytes > size) {
            throw new IllegalArgumentException("read " + bytes + " of " + size + " bytes");
        }
        ReplyMemory out = reserve();
        if (data.isDirect()) {
            claim();
            out.header(unique, 0, bytes);
            out.vector(Posix.address(data), bytes);
            reader.channel().answerGathered(out.block(), ReplyMemory.HEADER, ReplyMemory.VECTOR);
            finish(out);
        } else {
            out.payload(bytes).put(data.duplicate());
            claim();
            send(out, 0, bytes);
        }
    }

    @Override
    public boolean add(String name, long ino, int mode, long nextOffset) {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        int bytes = FuseLayout.Dirent.bytes(utf8.length);
        if (directoryBytes + bytes > size) {
            return false;
        }
        ByteBuffer out = reserve().payload(size);
        int at = directoryBytes;
        out.putLong(at + bytes - 8, 0); // the padding, before the name covers part of it
        out.putLong(at + FuseLayout.Dirent.INO, ino)
                .putLong(at + FuseLayout.Dirent.OFFSET, nextOffset)
                .putInt(at + FuseLayout.Dirent.NAME_BYTES, utf8.length)
                .putInt(at + FuseLayout.Dirent.TYPE, (mode & 0170000) >> 12)
                .put(at + FuseLayout.Dirent.NAME, utf8);
        directoryBytes = at + bytes;
        return true;
    }

    @Override
    public void done() {
        claim();
        send(memory(), 0, directoryBytes);
    }

    /** Takes the right to answer. What can throw comes before it: nobody else may answer after it. */
    private void claim() {
        if (!ANSWERED.compareAndSet(this, 0, 1)) {
            throw new IllegalStateException("answered twice: " + Opcode.name(opcode) + " unique=" + unique);
        }
    }

    /** Memory that stays this request's until it is answered. */
    private ReplyMemory reserve() {
        ReplyMemory reserved = memory;
        if (reserved == null) {
            reserved = memory();
            memory = reserved;
        }
        return reserved;
    }

    private ReplyMemory memory() {
        if (memory != null) {
            return memory;
        }
        return reader.isServing(this) ? reader.memory() : reader.pool().takeReply();
    }

    private void send(ReplyMemory out, int errno, int payloadBytes) {
        int bytes = out.header(unique, errno, payloadBytes);
        reader.channel().answer(out.block(), ReplyMemory.HEADER, bytes);
        finish(out);
    }

    private void finish(ReplyMemory out) {
        if (reader.isServing(this)) {
            memory = null;
        } else {
            reader.pool().give(out);
        }
        ByteBuffer kept = retained;
        if (kept != null) {
            reader.pool().give(kept);
        }
    }
}
