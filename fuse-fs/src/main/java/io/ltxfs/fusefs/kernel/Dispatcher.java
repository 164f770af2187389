package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.FileTime;
import io.ltxfs.fusefs.transport.FileSystem;
import io.ltxfs.fusefs.transport.Opcode;
import io.ltxfs.fusefs.transport.RequestCounters;
import io.ltxfs.fusefs.transport.SetAttr;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns a request in the form of the wire into a call of the file system, and whatever the call throws into an answer.
 *
 * <p>What no file system behind this transport is asked: FLUSH (nothing to do at a close; after one ENOSYS the kernel
 * does not ask again), extended attributes (same; SQLite's writes would look for {@code security.capability} each time
 * otherwise), locks (never negotiated: the kernel keeps them), INTERRUPT (a commit is not called off, and EINTR would
 * reach SQLite as an I/O error), IOCTL (so that SQLite does not find atomic batch writes here).
 */
final class Dispatcher {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

    private final FileSystem fs;
    private final RequestCounters counters;

    Dispatcher(FileSystem fs, RequestCounters counters) {
        this.fs = fs;
        this.counters = counters;
    }

    /** Handles the request that the reader has just read. Never throws. */
    void dispatch(RequestReader reader, int bytes) {
        ByteBuffer in = reader.request().clear().limit(bytes);
        int opcode = in.getInt(FuseLayout.In.OPCODE);
        counters.count(opcode);
        switch (opcode) {
            case Opcode.FORGET -> forget(in);
            case Opcode.BATCH_FORGET -> batchForget(in);
            case Opcode.INTERRUPT -> {}
            default -> answered(reader, in, opcode);
        }
    }

    private void answered(RequestReader reader, ByteBuffer in, int opcode) {
        KernelReply reply = new KernelReply(reader, in, opcode);
        reader.begin(reply);
        try {
            handle(reader, in, opcode, reply);
        } catch (BadNameException e) {
            reply.error(e.errno());
        } catch (Throwable e) { // the root of a request: a lost answer would hang the caller for ever
            failed(opcode, reply, e);
        } finally {
            reader.end(reply);
        }
    }

    private static void failed(int opcode, KernelReply reply, Throwable e) {
        try {
            if (!reply.isAnswered()) {
                reply.error(Errno.EIO);
            }
        } catch (IllegalStateException answeredMeanwhile) {
            // By another thread: the caller has its answer.
        }
        LOG.error("Request failed with an internal error request={}", Opcode.name(opcode), e);
    }

    private void forget(ByteBuffer in) {
        forget(in.getLong(FuseLayout.In.NODE), in.getLong(FuseLayout.ForgetIn.LOOKUPS));
    }

    private void batchForget(ByteBuffer in) {
        int count = in.getInt(FuseLayout.ForgetIn.COUNT);
        for (int i = 0; i < count; i++) {
            int at = FuseLayout.ForgetIn.FIRST + i * FuseLayout.ForgetIn.ONE_BYTES;
            forget(in.getLong(at + FuseLayout.ForgetIn.ONE_NODE), in.getLong(at + FuseLayout.ForgetIn.ONE_LOOKUPS));
        }
    }

    private void forget(long node, long lookups) {
        try {
            fs.forget(node, lookups);
        } catch (Throwable e) { // the root of a request
            LOG.error("Request failed with an internal error request=forget", e);
        }
    }

    private void handle(RequestReader reader, ByteBuffer in, int opcode, KernelReply reply) {
        long node = in.getLong(FuseLayout.In.NODE);
        switch (opcode) {
            case Opcode.WRITE -> write(reader, in, node, reply);
            case Opcode.READ -> {
                int size = in.getInt(FuseLayout.IoIn.SIZE);
                reply.size(size);
                fs.read(reply, node, in.getLong(FuseLayout.IoIn.FH), in.getLong(FuseLayout.IoIn.OFFSET), size, reply);
            }
            case Opcode.GETATTR -> {
                boolean hasFh = (in.getInt(FuseLayout.GetattrIn.FLAGS) & FuseLayout.GetattrIn.HAS_FH) != 0;
                long fh = hasFh ? in.getLong(FuseLayout.GetattrIn.FH) : FileSystem.NO_HANDLE;
                fs.getattr(reply, node, fh, reply);
            }
            case Opcode.FSYNC -> fs.fsync(reply, node, in.getLong(FuseLayout.FsyncIn.FH), dataOnly(in), reply);
            case Opcode.SETATTR -> fs.setattr(reply, node, setAttr(in), reply);
            case Opcode.OPEN -> fs.open(reply, node, in.getInt(FuseLayout.OPEN_IN_FLAGS), reply);
            case Opcode.RELEASE ->
                fs.release(
                        reply, node, in.getLong(FuseLayout.ReleaseIn.FH), in.getInt(FuseLayout.ReleaseIn.FLAGS), reply);
            case Opcode.OPENDIR -> fs.opendir(reply, node, reply);
            case Opcode.READDIR -> {
                reply.size(in.getInt(FuseLayout.IoIn.SIZE));
                long offset = in.getLong(FuseLayout.IoIn.OFFSET);
                fs.readdir(reply, node, in.getLong(FuseLayout.IoIn.FH), offset, reply);
            }
            case Opcode.RELEASEDIR -> fs.releasedir(reply, node, in.getLong(FuseLayout.ReleaseIn.FH), reply);
            case Opcode.FSYNCDIR -> fs.fsyncdir(reply, node, in.getLong(FuseLayout.FsyncIn.FH), dataOnly(in), reply);
            case Opcode.READLINK -> fs.readlink(reply, node, reply);
            case Opcode.STATFS -> fs.statfs(reply, node, reply);
            case Opcode.FALLOCATE ->
                fs.fallocate(
                        reply,
                        node,
                        in.getLong(FuseLayout.FallocateIn.FH),
                        in.getInt(FuseLayout.FallocateIn.MODE),
                        in.getLong(FuseLayout.FallocateIn.OFFSET),
                        in.getLong(FuseLayout.FallocateIn.LENGTH),
                        reply);
            case Opcode.LSEEK ->
                fs.lseek(
                        reply,
                        node,
                        in.getLong(FuseLayout.LseekIn.FH),
                        in.getLong(FuseLayout.LseekIn.OFFSET),
                        in.getInt(FuseLayout.LseekIn.WHENCE),
                        reply);
            case Opcode.DESTROY -> reply.ok();
            case Opcode.IOCTL -> reply.error(Errno.ENOTTY);
            default -> named(in, opcode, node, reply);
        }
    }

    /** Requests that carry names; all others are not known here. */
    private void named(ByteBuffer in, int opcode, long parent, KernelReply reply) {
        switch (opcode) {
            case Opcode.LOOKUP -> fs.lookup(reply, parent, Names.at(in, FuseLayout.In.BYTES), reply);
            case Opcode.CREATE -> {
                reply.umask(in.getInt(FuseLayout.CreateIn.UMASK));
                fs.create(
                        reply,
                        parent,
                        Names.at(in, FuseLayout.CreateIn.NAME),
                        in.getInt(FuseLayout.CreateIn.MODE),
                        in.getInt(FuseLayout.CreateIn.FLAGS),
                        reply);
            }
            case Opcode.UNLINK -> fs.unlink(reply, parent, Names.at(in, FuseLayout.In.BYTES), reply);
            case Opcode.RMDIR -> fs.rmdir(reply, parent, Names.at(in, FuseLayout.In.BYTES), reply);
            case Opcode.MKDIR -> {
                reply.umask(in.getInt(FuseLayout.MkdirIn.UMASK));
                String name = Names.at(in, FuseLayout.MkdirIn.NAME);
                fs.mkdir(reply, parent, name, in.getInt(FuseLayout.MkdirIn.MODE), reply);
            }
            case Opcode.MKNOD -> {
                reply.umask(in.getInt(FuseLayout.MknodIn.UMASK));
                fs.mknod(
                        reply,
                        parent,
                        Names.at(in, FuseLayout.MknodIn.NAME),
                        in.getInt(FuseLayout.MknodIn.MODE),
                        in.getInt(FuseLayout.MknodIn.RDEV),
                        reply);
            }
            case Opcode.SYMLINK -> {
                int target = Names.after(in, FuseLayout.In.BYTES);
                String name = Names.at(in, FuseLayout.In.BYTES);
                fs.symlink(reply, parent, name, Names.target(in, target), reply);
            }
            case Opcode.LINK ->
                fs.link(reply, in.getLong(FuseLayout.LinkIn.NODE), parent, Names.at(in, FuseLayout.LinkIn.NAME), reply);
            case Opcode.RENAME -> rename(in, parent, FuseLayout.RenameIn.NAMES, 0, reply);
            case Opcode.RENAME2 ->
                rename(in, parent, FuseLayout.RenameIn.NAMES_2, in.getInt(FuseLayout.RenameIn.FLAGS_2), reply);
            default -> reply.error(Errno.ENOSYS);
        }
    }

    private void rename(ByteBuffer in, long parent, int names, int flags, KernelReply reply) {
        long newParent = in.getLong(FuseLayout.RenameIn.NEW_PARENT);
        String name = Names.at(in, names);
        String newName = Names.at(in, Names.after(in, names));
        fs.rename(reply, parent, name, newParent, newName, flags, reply);
    }

    private void write(RequestReader reader, ByteBuffer in, long node, KernelReply reply) {
        int size = in.getInt(FuseLayout.IoIn.SIZE);
        if (size < 0 || size != in.limit() - FuseLayout.IoIn.DATA) {
            throw new IllegalArgumentException("write of " + size + " bytes in a request of " + in.limit());
        }
        reply.size(size);
        fs.write(
                reply,
                node,
                in.getLong(FuseLayout.IoIn.FH),
                in.getLong(FuseLayout.IoIn.OFFSET),
                reader.writeData(size),
                in.getInt(FuseLayout.IoIn.WRITE_FLAGS),
                reply);
    }

    private static boolean dataOnly(ByteBuffer in) {
        return (in.getInt(FuseLayout.FsyncIn.FLAGS) & FuseLayout.FsyncIn.DATA_ONLY) != 0;
    }

    private static SetAttr setAttr(ByteBuffer in) {
        int valid = in.getInt(FuseLayout.SetattrIn.VALID);
        return new SetAttr(
                valid,
                (valid & SetAttr.FH) != 0 ? in.getLong(FuseLayout.SetattrIn.FH) : FileSystem.NO_HANDLE,
                in.getLong(FuseLayout.SetattrIn.SIZE),
                time(in, FuseLayout.SetattrIn.ATIME, FuseLayout.SetattrIn.ATIME_NANOS),
                time(in, FuseLayout.SetattrIn.MTIME, FuseLayout.SetattrIn.MTIME_NANOS),
                time(in, FuseLayout.SetattrIn.CTIME, FuseLayout.SetattrIn.CTIME_NANOS),
                in.getInt(FuseLayout.SetattrIn.MODE),
                in.getInt(FuseLayout.SetattrIn.UID),
                in.getInt(FuseLayout.SetattrIn.GID));
    }

    private static FileTime time(ByteBuffer in, int seconds, int nanos) {
        return new FileTime(in.getLong(seconds), in.getInt(nanos));
    }
}
