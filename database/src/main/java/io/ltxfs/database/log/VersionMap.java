package io.ltxfs.database.log;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.ltx.PageChecksum;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Versions of one database's pages, at most one of each page, wherever in the log they lie; only their places are in
 * memory. Not thread-safe; close it to give back the files that it opened.
 */
final class VersionMap implements AutoCloseable {
    private static final int OPEN_FILES_MAX = 32;

    /** A record that has versions; {@code stage} is 0 if they lie in the segment. */
    private record Source(long segment, long tableOffset, long dataOffset, long stage, int pageSize, long asOf) {}

    private final Disk disk;
    private final PageIndex index = new PageIndex();
    private final List<Source> sources = new ArrayList<>();
    private final LinkedHashMap<String, DiskFile> files = new LinkedHashMap<>(16, 0.75f, true);
    private final ByteBuffer entry =
            ByteBuffer.allocateDirect(LogLayout.TABLE_ENTRY_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private ByteBuffer page = ByteBuffer.allocate(0);

    VersionMap(Disk disk) {
        this.disk = disk;
    }

    void clear() {
        index.clear();
        sources.clear();
    }

    /**
     * Takes the versions of a record in place of those that are there.
     *
     * @param asOf the LSN as of which they are
     */
    void take(DiskFile file, RecordReader record, Segment segment, long asOf) throws DiskException {
        int source = add(record, segment, asOf);
        PageReader.table(file, record, (i, pgno, slot, checksum) -> index.put(pgno, source, i));
    }

    /** Takes the versions of a record that are newer than those that are there. */
    void takeNewer(DiskFile file, RecordReader record, Segment segment, long asOf) throws DiskException {
        int source = add(record, segment, asOf);
        PageReader.table(file, record, (i, pgno, slot, checksum) -> {
            int known = index.record(pgno);
            if (known < 0 || sources.get(known).asOf < asOf) {
                index.put(pgno, source, i);
            }
        });
    }

    private int add(RecordReader record, Segment segment, long asOf) {
        sources.add(new Source(
                segment.sequence, record.tableOffset(), record.dataOffset(), record.stage(), record.pageSize(), asOf));
        return sources.size() - 1;
    }

    /** The numbers of the pages up to a limit, ascending. */
    int[] pgnos(int limit) {
        return index.ascending(limit);
    }

    /** The segment in which a page's version stands. */
    long segmentOf(int pgno) {
        return sources.get(index.record(pgno)).segment;
    }

    /** As of which LSN a page's version is. */
    long asOf(int pgno) {
        return sources.get(index.record(pgno)).asOf;
    }

    int pageSizeOf(int pgno) {
        return sources.get(index.record(pgno)).pageSize;
    }

    /** Reads and verifies one page. The buffer is used again. */
    void page(int pgno, TransactionLog.PageVisitor visitor) throws DiskException {
        Source source = sources.get(index.record(pgno));
        DiskFile table = file(LogFiles.segment(source.segment));
        int at = index.index(pgno);
        if (table.read(entry.clear(), source.tableOffset + (long) at * LogLayout.TABLE_ENTRY_BYTES) < entry.capacity()
                || entry.getInt(0) != pgno) {
            throw damaged(pgno, source);
        }
        int slot = entry.getInt(LogLayout.TABLE_SLOT_AT);
        long checksum = entry.getLong(LogLayout.TABLE_CHECKSUM_AT);
        DiskFile data = source.stage == 0 ? table : file(LogFiles.stage(source.stage));
        long base = source.stage == 0 ? source.dataOffset : 0;
        if (page.capacity() != source.pageSize) {
            page = ByteBuffer.allocateDirect(source.pageSize);
        }
        int read = data.read(page.clear(), base + (long) slot * source.pageSize);
        if (read < source.pageSize || PageChecksum.of(pgno, page, 0, source.pageSize) != checksum) {
            throw damaged(pgno, source);
        }
        visitor.page(pgno, checksum, page.flip());
    }

    private static DiskException damaged(int pgno, Source source) {
        return new DiskException(
                Errno.EIO,
                "page " + Integer.toUnsignedString(pgno) + " in " + LogFiles.segment(source.segment)
                        + (source.stage == 0 ? "" : " and " + LogFiles.stage(source.stage))
                        + " does not have its checksum: the disk has not kept what was written");
    }

    private DiskFile file(String path) throws DiskException {
        DiskFile open = files.get(path);
        if (open != null) {
            return open;
        }
        if (files.size() >= OPEN_FILES_MAX) {
            Iterator<Map.Entry<String, DiskFile>> oldest = files.entrySet().iterator();
            oldest.next().getValue().close();
            oldest.remove();
        }
        DiskFile file = disk.open(path, Disk.Mode.READ);
        files.put(path, file);
        return file;
    }

    @Override
    public void close() {
        files.values().forEach(DiskFile::close);
        files.clear();
    }
}
