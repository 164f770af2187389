package io.ltxfs.fusefs.transport;

import io.ltxfs.database.posix.Errno;
import java.nio.ByteBuffer;

/**
 * The requests of the kernel, as methods. This is the contract between a transport and the file system behind it.
 *
 * <h2>Replies</h2>
 * Each method but {@link #forget} gets a reply object and must see to it that exactly one of its terminal methods is
 * called, exactly once: before the method returns, or later, from any thread. An unanswered request leaves a process
 * that cannot be killed. A handler that returns without an answer gives its thread back: the thread reads the next
 * request at once. A second answer is an {@link IllegalStateException} for whoever gives it and changes nothing. A
 * method that throws before it answered is answered {@link Errno#EIO} by the transport, with a line in the log.
 *
 * <h2>Threads</h2>
 * Methods are called from several threads at once, without any order but the kernel's own. While a request is
 * unanswered the kernel holds
 * <ul>
 *   <li>the inode's lock: {@code write}, {@code setattr}, {@code fsync}, {@code fallocate} of one node never overlap
 *       (write-back WRITEs of the kernel's cache are the exception, {@link #WRITE_CACHE});
 *   <li>the directory's lock: {@code create}, {@code mknod}, {@code mkdir}, {@code symlink}, {@code unlink},
 *       {@code rmdir}, {@code rename} in one directory never overlap; {@code lookup} and {@code readdir} may overlap
 *       with each other.
 * </ul>
 * So a handler must neither do, nor wait for something that does, I/O through the own mount on its request's inode or
 * that inode's directory; nor call a {@link Notifier} for them before it answered. {@code read}, {@code getattr},
 * {@code lookup} and {@code release} must not wait for a lock that is held across a commit.
 *
 * <h2>Names, nodes, handles</h2>
 * Names are single path components, never empty, {@code .} or {@code ..}, decoded from UTF-8; the transport refuses
 * others with {@link Errno#EILSEQ}, and names above 255 bytes with {@link Errno#ENAMETOOLONG}. Node ids are chosen by
 * the file system; {@link #ROOT} is given. Each answer with an {@link Entry} whose node id is not 0 adds one to that
 * node's lookup count, {@link #forget} takes away; at 0 (and with no open handle) the kernel knows the id no more. An
 * id (with its generation) must never be used for another file: a reused one makes the kernel show old pages as the
 * new file's. File handles are chosen by the file system in {@code open}, {@code create} and {@code opendir}, any
 * value but {@link #NO_HANDLE}, and come back unchanged.
 *
 * <h2>Not asked</h2>
 * Permissions are checked by the kernel against {@link Attr} ({@code default_permissions}); the umask is applied by
 * the kernel. Locks are the kernel's own. Extended attributes, FLUSH, IOCTL and ACCESS are answered by the transport.
 */
public interface FileSystem {
    /** The node id of the mount's root directory. */
    long ROOT = 1;

    /** Stands for "no handle" where a handle is optional; never a valid handle. */
    long NO_HANDLE = -1;

    /** {@link #rename} flag: fail with EEXIST rather than replace. */
    int RENAME_NOREPLACE = 1;

    /** {@link #rename} flag: swap both names. */
    int RENAME_EXCHANGE = 2;

    /** {@link #write} flag: the kernel's cache writes back (a mapped store, or the write-back mode); the handle is a guess. */
    int WRITE_CACHE = 1;

    /** {@link #write} flag: set-user-id and set-group-id bits are to be cleared. */
    int WRITE_KILL_SUIDGID = 4;

    /**
     * Called once, before any other method, when the kernel and the transport have agreed.
     *
     * @param notifier sends invalidations to the kernel as long as the mount lives
     */
    default void init(Notifier notifier) {}

    /** Called once, after the last request, when the mount has gone. Requests still unanswered need no answer. */
    default void destroy() {}

    /** Finds a name. A missing one is {@link Entry#negative} (cached by the kernel) or ENOENT (not cached). */
    void lookup(Caller caller, long parent, String name, ReplyEntry reply);

    /** Takes {@code lookups} off a node's lookup count. Has no reply. */
    void forget(long node, long lookups);

    /** @param fh an open handle of the node, or {@link #NO_HANDLE} */
    void getattr(Caller caller, long node, long fh, ReplyAttr reply);

    /** Changes those attributes that {@link SetAttr} names, all or none. Truncation arrives here. */
    void setattr(Caller caller, long node, SetAttr change, ReplyAttr reply);

    /** The target of a symbolic link; the kernel caches it. */
    void readlink(Caller caller, long node, ReplyLink reply);

    /** Makes a symbolic link {@code name} that points at {@code target}. */
    void symlink(Caller caller, long parent, String name, String target, ReplyEntry reply);

    /** Makes a file of any type but directory. @param mode type and permission bits, umask applied */
    void mknod(Caller caller, long parent, String name, int mode, int rdev, ReplyEntry reply);

    /** Makes a directory. @param mode permission bits, umask applied */
    void mkdir(Caller caller, long parent, String name, int mode, ReplyEntry reply);

    /** Removes a name that is not a directory; open handles go on working. */
    void unlink(Caller caller, long parent, String name, ReplyEmpty reply);

    /** Removes an empty directory. */
    void rmdir(Caller caller, long parent, String name, ReplyEmpty reply);

    /** Moves a name. @param flags 0, {@link #RENAME_NOREPLACE} or {@link #RENAME_EXCHANGE} */
    void rename(Caller caller, long parent, String name, long newParent, String newName, int flags, ReplyEmpty reply);

    /** Makes a hard link. */
    default void link(Caller caller, long node, long newParent, String newName, ReplyEntry reply) {
        reply.error(Errno.EPERM);
    }

    /**
     * Opens a file.
     *
     * @param flags as in open(2), without O_CREAT, O_EXCL and O_TRUNC (a truncation comes as {@link #setattr})
     */
    void open(Caller caller, long node, int flags, ReplyOpen reply);

    /** Makes and opens a file in one step. @param mode permission bits with S_IFREG, umask applied */
    void create(Caller caller, long parent, String name, int mode, int flags, ReplyCreate reply);

    /** Reads up to {@code size} bytes; fewer only at the end of the file (the kernel takes the rest as zeroes). */
    void read(Caller caller, long node, long fh, long offset, int size, ReplyData reply);

    /**
     * Writes.
     *
     * @param data a direct buffer, position 0, limit the length; valid until this method returns, or until the answer
     *     if {@link ReplyWrite#retain} was called. Its position may be moved freely; its bytes must not be changed
     * @param flags of {@link #WRITE_CACHE} and {@link #WRITE_KILL_SUIDGID}
     */
    void write(Caller caller, long node, long fh, long offset, ByteBuffer data, int flags, ReplyWrite reply);

    /** Makes a file durable. @param dataOnly fdatasync rather than fsync */
    void fsync(Caller caller, long node, long fh, boolean dataOnly, ReplyEmpty reply);

    /** The last descriptor of an open file has gone; close(2) did not wait for it. Errors are not seen by anyone. */
    void release(Caller caller, long node, long fh, int flags, ReplyEmpty reply);

    /** Opens a directory. */
    void opendir(Caller caller, long node, ReplyOpen reply);

    /**
     * Lists a directory from a position.
     *
     * @param offset 0 at the beginning, else the {@code nextOffset} of the last name that the reader took. Names that
     *     are made or removed while the handle is open may be missed or seen; all others must be listed once
     */
    void readdir(Caller caller, long node, long fh, long offset, ReplyDirectory reply);

    /** Closes a directory handle. */
    void releasedir(Caller caller, long node, long fh, ReplyEmpty reply);

    /** Makes a directory's names durable. */
    void fsyncdir(Caller caller, long node, long fh, boolean dataOnly, ReplyEmpty reply);

    /** Space and limits. */
    void statfs(Caller caller, long node, ReplyStatfs reply);

    /** Reserves or punches space; ENOSYS tells the kernel never to ask again (it then answers EOPNOTSUPP itself). */
    default void fallocate(Caller caller, long node, long fh, int mode, long offset, long length, ReplyEmpty reply) {
        reply.error(Errno.ENOSYS);
    }

    /** SEEK_DATA and SEEK_HOLE; ENOSYS tells the kernel to treat the file as one piece of data. */
    default void lseek(Caller caller, long node, long fh, long offset, int whence, ReplyOffset reply) {
        reply.error(Errno.ENOSYS);
    }
}
