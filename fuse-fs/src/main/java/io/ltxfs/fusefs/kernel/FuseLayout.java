package io.ltxfs.fusefs.kernel;

/**
 * Every offset, size and flag of the FUSE wire protocol that is used here (linux/fuse.h, version 7.31). All numbers are
 * in the machine's own byte order.
 */
final class FuseLayout {
    static final int MAJOR = 7;
    /** The version whose structures these are; a newer kernel speaks it when asked. */
    static final int MINOR = 31;

    /** {@code struct fuse_in_header}. */
    static final class In {
        static final int LENGTH = 0;
        static final int OPCODE = 4;
        static final int UNIQUE = 8;
        static final int NODE = 16;
        static final int UID = 24;
        static final int GID = 28;
        static final int PID = 32;
        static final int BYTES = 40;

        private In() {}
    }

    /** {@code struct fuse_out_header}. */
    static final class Out {
        static final int LENGTH = 0;
        static final int ERROR = 4;
        static final int UNIQUE = 8;
        static final int BYTES = 16;

        private Out() {}
    }

    /** {@code struct fuse_init_in}, after the header. */
    static final class InitIn {
        static final int MAJOR = In.BYTES;
        static final int MINOR = In.BYTES + 4;
        static final int MAX_READAHEAD = In.BYTES + 8;
        static final int FLAGS = In.BYTES + 12;

        private InitIn() {}
    }

    /** {@code struct fuse_init_out}. */
    static final class InitOut {
        static final int MAJOR = 0;
        static final int MINOR = 4;
        static final int MAX_READAHEAD = 8;
        static final int FLAGS = 12;
        static final int MAX_BACKGROUND = 16;
        static final int CONGESTION_THRESHOLD = 18;
        static final int MAX_WRITE = 20;
        static final int TIME_GRANULARITY = 24;
        static final int MAX_PAGES = 28;
        static final int BYTES = 64;

        static final int ASYNC_READ = 1;
        static final int BIG_WRITES = 1 << 5;
        static final int WRITEBACK_CACHE = 1 << 16;
        static final int PARALLEL_DIROPS = 1 << 18;
        static final int ABORT_ERROR = 1 << 21;
        static final int FLAG_MAX_PAGES = 1 << 22;
        static final int CACHE_SYMLINKS = 1 << 23;
        static final int EXPLICIT_INVAL_DATA = 1 << 25;

        private InitOut() {}
    }

    /** {@code struct fuse_attr}. */
    static final class Attr {
        static final int INO = 0;
        static final int SIZE = 8;
        static final int BLOCKS = 16;
        static final int ATIME = 24;
        static final int MTIME = 32;
        static final int CTIME = 40;
        static final int ATIME_NANOS = 48;
        static final int MTIME_NANOS = 52;
        static final int CTIME_NANOS = 56;
        static final int MODE = 60;
        static final int NLINK = 64;
        static final int UID = 68;
        static final int GID = 72;
        static final int RDEV = 76;
        static final int BLOCK_BYTES = 80;
        static final int FLAGS = 84;
        static final int BYTES = 88;

        private Attr() {}
    }

    /** {@code struct fuse_entry_out}. */
    static final class EntryOut {
        static final int NODE = 0;
        static final int GENERATION = 8;
        static final int ENTRY_SECONDS = 16;
        static final int ATTR_SECONDS = 24;
        static final int ENTRY_NANOS = 32;
        static final int ATTR_NANOS = 36;
        static final int ATTR = 40;
        static final int BYTES = ATTR + Attr.BYTES;

        private EntryOut() {}
    }

    /** {@code struct fuse_attr_out}. */
    static final class AttrOut {
        static final int SECONDS = 0;
        static final int NANOS = 8;
        static final int ATTR = 16;
        static final int BYTES = ATTR + Attr.BYTES;

        private AttrOut() {}
    }

    /** {@code struct fuse_open_out}. */
    static final class OpenOut {
        static final int FH = 0;
        static final int FLAGS = 8;
        static final int BYTES = 16;

        private OpenOut() {}
    }

    /** {@code struct fuse_kstatfs}. */
    static final class StatfsOut {
        static final int BLOCKS = 0;
        static final int FREE = 8;
        static final int AVAILABLE = 16;
        static final int FILES = 24;
        static final int FILES_FREE = 32;
        static final int BLOCK_BYTES = 40;
        static final int NAME_BYTES_MAX = 44;
        static final int FRAGMENT_BYTES = 48;
        static final int BYTES = 80;

        private StatfsOut() {}
    }

    /** {@code struct fuse_write_out}. */
    static final int WRITE_OUT_BYTES = 8;

    /** {@code struct fuse_lseek_out}. */
    static final int LSEEK_OUT_BYTES = 8;

    /** {@code struct fuse_dirent}. */
    static final class Dirent {
        static final int INO = 0;
        static final int OFFSET = 8;
        static final int NAME_BYTES = 16;
        static final int TYPE = 20;
        static final int NAME = 24;

        private Dirent() {}

        /** Length of a record, padded to eight bytes. */
        static int bytes(int nameBytes) {
            return (NAME + nameBytes + 7) & ~7;
        }
    }

    /** {@code struct fuse_getattr_in}. */
    static final class GetattrIn {
        static final int FLAGS = In.BYTES;
        static final int FH = In.BYTES + 8;
        static final int HAS_FH = 1;

        private GetattrIn() {}
    }

    /** {@code struct fuse_setattr_in}. */
    static final class SetattrIn {
        static final int VALID = In.BYTES;
        static final int FH = In.BYTES + 8;
        static final int SIZE = In.BYTES + 16;
        static final int ATIME = In.BYTES + 32;
        static final int MTIME = In.BYTES + 40;
        static final int CTIME = In.BYTES + 48;
        static final int ATIME_NANOS = In.BYTES + 56;
        static final int MTIME_NANOS = In.BYTES + 60;
        static final int CTIME_NANOS = In.BYTES + 64;
        static final int MODE = In.BYTES + 68;
        static final int UID = In.BYTES + 76;
        static final int GID = In.BYTES + 80;

        private SetattrIn() {}
    }

    /** {@code struct fuse_mknod_in}; the name follows. */
    static final class MknodIn {
        static final int MODE = In.BYTES;
        static final int RDEV = In.BYTES + 4;
        static final int UMASK = In.BYTES + 8;
        static final int NAME = In.BYTES + 16;

        private MknodIn() {}
    }

    /** {@code struct fuse_mkdir_in}; the name follows. */
    static final class MkdirIn {
        static final int MODE = In.BYTES;
        static final int UMASK = In.BYTES + 4;
        static final int NAME = In.BYTES + 8;

        private MkdirIn() {}
    }

    /** {@code struct fuse_rename_in} and {@code fuse_rename2_in}; both names follow. */
    static final class RenameIn {
        static final int NEW_PARENT = In.BYTES;
        static final int NAMES = In.BYTES + 8;
        static final int FLAGS_2 = In.BYTES + 8;
        static final int NAMES_2 = In.BYTES + 16;

        private RenameIn() {}
    }

    /** {@code struct fuse_link_in}; the name follows. */
    static final class LinkIn {
        static final int NODE = In.BYTES;
        static final int NAME = In.BYTES + 8;

        private LinkIn() {}
    }

    /** {@code struct fuse_open_in}. */
    static final int OPEN_IN_FLAGS = In.BYTES;

    /** {@code struct fuse_create_in}; the name follows. */
    static final class CreateIn {
        static final int FLAGS = In.BYTES;
        static final int MODE = In.BYTES + 4;
        static final int UMASK = In.BYTES + 8;
        static final int NAME = In.BYTES + 16;

        private CreateIn() {}
    }

    /** {@code struct fuse_read_in}, also of READDIR, and {@code fuse_write_in}; a WRITE's data follows. */
    static final class IoIn {
        static final int FH = In.BYTES;
        static final int OFFSET = In.BYTES + 8;
        static final int SIZE = In.BYTES + 16;
        static final int WRITE_FLAGS = In.BYTES + 20;
        static final int DATA = In.BYTES + 40;

        private IoIn() {}
    }

    /** {@code struct fuse_release_in}. */
    static final class ReleaseIn {
        static final int FH = In.BYTES;
        static final int FLAGS = In.BYTES + 8;

        private ReleaseIn() {}
    }

    /** {@code struct fuse_fsync_in}. */
    static final class FsyncIn {
        static final int FH = In.BYTES;
        static final int FLAGS = In.BYTES + 8;
        static final int DATA_ONLY = 1;

        private FsyncIn() {}
    }

    /** {@code struct fuse_forget_in}, and {@code fuse_batch_forget_in} with its {@code fuse_forget_one}s. */
    static final class ForgetIn {
        static final int LOOKUPS = In.BYTES;
        static final int COUNT = In.BYTES;
        static final int FIRST = In.BYTES + 8;
        static final int ONE_NODE = 0;
        static final int ONE_LOOKUPS = 8;
        static final int ONE_BYTES = 16;

        private ForgetIn() {}
    }

    /** {@code struct fuse_fallocate_in}. */
    static final class FallocateIn {
        static final int FH = In.BYTES;
        static final int OFFSET = In.BYTES + 8;
        static final int LENGTH = In.BYTES + 16;
        static final int MODE = In.BYTES + 24;

        private FallocateIn() {}
    }

    /** {@code struct fuse_lseek_in}. */
    static final class LseekIn {
        static final int FH = In.BYTES;
        static final int OFFSET = In.BYTES + 8;
        static final int WHENCE = In.BYTES + 16;

        private LseekIn() {}
    }

    /** Messages that the kernel did not ask for: {@code unique} is 0 and the header's error is the code. */
    static final class Notify {
        static final int INVAL_INODE = 2;
        static final int INVAL_ENTRY = 3;
        /** {@code struct fuse_notify_inval_inode_out}. */
        static final int INODE_BYTES = 24;
        /** {@code struct fuse_notify_inval_entry_out}; the name and a zero byte follow. */
        static final int ENTRY_BYTES = 16;

        private Notify() {}
    }

    /** {@code FUSE_DEV_IOC_CLONE}, {@code _IOR(229, 0, uint32_t)}. */
    static final long DEVICE_CLONE = 0x8004e500L;

    private FuseLayout() {}
}
