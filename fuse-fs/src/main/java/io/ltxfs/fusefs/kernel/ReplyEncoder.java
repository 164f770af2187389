package io.ltxfs.fusefs.kernel;

import io.ltxfs.fusefs.transport.Attr;
import io.ltxfs.fusefs.transport.Entry;
import io.ltxfs.fusefs.transport.FileSystemStat;
import java.nio.ByteBuffer;

/** Puts answers into the form of the wire. */
final class ReplyEncoder {
    private static final int NANOS_PER_MILLI = 1_000_000;

    private ReplyEncoder() {}

    static void entry(ByteBuffer out, int at, Entry entry) {
        out.putLong(at + FuseLayout.EntryOut.NODE, entry.node())
                .putLong(at + FuseLayout.EntryOut.GENERATION, entry.generation())
                .putLong(at + FuseLayout.EntryOut.ENTRY_SECONDS, seconds(entry.entryTimeoutMillis()))
                .putLong(at + FuseLayout.EntryOut.ATTR_SECONDS, seconds(entry.attrTimeoutMillis()))
                .putInt(at + FuseLayout.EntryOut.ENTRY_NANOS, nanos(entry.entryTimeoutMillis()))
                .putInt(at + FuseLayout.EntryOut.ATTR_NANOS, nanos(entry.attrTimeoutMillis()));
        Attr attr = entry.attr();
        if (attr == null) {
            for (int i = 0; i < FuseLayout.Attr.BYTES; i += 8) {
                out.putLong(at + FuseLayout.EntryOut.ATTR + i, 0);
            }
        } else {
            attr(out, at + FuseLayout.EntryOut.ATTR, attr);
        }
    }

    static void attrOut(ByteBuffer out, Attr attr, long timeoutMillis) {
        out.putLong(FuseLayout.AttrOut.SECONDS, seconds(timeoutMillis))
                .putInt(FuseLayout.AttrOut.NANOS, nanos(timeoutMillis))
                .putInt(FuseLayout.AttrOut.NANOS + 4, 0);
        attr(out, FuseLayout.AttrOut.ATTR, attr);
    }

    private static void attr(ByteBuffer out, int at, Attr attr) {
        out.putLong(at + FuseLayout.Attr.INO, attr.ino())
                .putLong(at + FuseLayout.Attr.SIZE, attr.size())
                .putLong(at + FuseLayout.Attr.BLOCKS, attr.blocks())
                .putLong(at + FuseLayout.Attr.ATIME, attr.atime().seconds())
                .putLong(at + FuseLayout.Attr.MTIME, attr.mtime().seconds())
                .putLong(at + FuseLayout.Attr.CTIME, attr.ctime().seconds())
                .putInt(at + FuseLayout.Attr.ATIME_NANOS, attr.atime().nanos())
                .putInt(at + FuseLayout.Attr.MTIME_NANOS, attr.mtime().nanos())
                .putInt(at + FuseLayout.Attr.CTIME_NANOS, attr.ctime().nanos())
                .putInt(at + FuseLayout.Attr.MODE, attr.mode())
                .putInt(at + FuseLayout.Attr.NLINK, attr.nlink())
                .putInt(at + FuseLayout.Attr.UID, attr.uid())
                .putInt(at + FuseLayout.Attr.GID, attr.gid())
                .putInt(at + FuseLayout.Attr.RDEV, attr.rdev())
                .putInt(at + FuseLayout.Attr.BLOCK_BYTES, attr.blockBytes())
                .putInt(at + FuseLayout.Attr.FLAGS, 0);
    }

    static void opened(ByteBuffer out, int at, long fh, int flags) {
        out.putLong(at + FuseLayout.OpenOut.FH, fh)
                .putInt(at + FuseLayout.OpenOut.FLAGS, flags)
                .putInt(at + FuseLayout.OpenOut.FLAGS + 4, 0);
    }

    static void statfs(ByteBuffer out, FileSystemStat stat) {
        for (int i = 0; i < FuseLayout.StatfsOut.BYTES; i += 8) {
            out.putLong(i, 0);
        }
        out.putLong(FuseLayout.StatfsOut.BLOCKS, stat.blocks())
                .putLong(FuseLayout.StatfsOut.FREE, stat.blocksFree())
                .putLong(FuseLayout.StatfsOut.AVAILABLE, stat.blocksAvailable())
                .putLong(FuseLayout.StatfsOut.FILES, stat.files())
                .putLong(FuseLayout.StatfsOut.FILES_FREE, stat.filesFree())
                .putInt(FuseLayout.StatfsOut.BLOCK_BYTES, stat.blockBytes())
                .putInt(FuseLayout.StatfsOut.NAME_BYTES_MAX, stat.nameBytesMax())
                .putInt(FuseLayout.StatfsOut.FRAGMENT_BYTES, stat.blockBytes());
    }

    private static long seconds(long millis) {
        return millis / 1000;
    }

    private static int nanos(long millis) {
        return (int) (millis % 1000) * NANOS_PER_MILLI;
    }
}
