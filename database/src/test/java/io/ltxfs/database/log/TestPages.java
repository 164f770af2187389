package io.ltxfs.database.log;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.ltx.PageChecksum;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Pages for a record, in memory or in a stage. */
public final class TestPages implements PageSet {
    private final List<Integer> pgnos;
    private final List<byte[]> pages;
    private final @Nullable Stage stage;

    private TestPages(SortedMap<Integer, byte[]> content, @Nullable Stage stage) {
        this.pgnos = List.copyOf(content.keySet());
        this.pages = List.copyOf(content.values());
        this.stage = stage;
    }

    /** Pages in memory, by their numbers. */
    public static PageSet of(Map<Integer, byte[]> content) {
        return new TestPages(new TreeMap<>(content), null);
    }

    /** Writes the pages to a stage, the last one first. */
    static PageSet staged(TransactionLog log, Map<Integer, byte[]> content) throws DiskException {
        Stage stage = log.newStage();
        TestPages pages = new TestPages(new TreeMap<>(content), stage);
        for (int i = 0; i < pages.count(); i++) {
            byte[] page = pages.pages.get(i);
            stage.file().write(ByteBuffer.wrap(page), (long) pages.slot(i) * page.length);
        }
        return pages;
    }

    @Override
    public int count() {
        return pgnos.size();
    }

    @Override
    public int pgno(int index) {
        return pgnos.get(index);
    }

    @Override
    public long checksum(int index) {
        byte[] page = pages.get(index);
        return PageChecksum.of(pgnos.get(index), page, 0, page.length);
    }

    @Override
    public void copy(int index, ByteBuffer target) {
        target.put(pages.get(index));
    }

    @Override
    public Optional<Stage> stage() {
        return Optional.ofNullable(stage);
    }

    @Override
    public int slot(int index) {
        return pgnos.size() - 1 - index;
    }

    /** The pages of a record as the log has them. */
    static Map<Integer, byte[]> read(TransactionLog log, LogEntry entry) throws DiskException {
        Map<Integer, byte[]> content = new TreeMap<>();
        log.pages(entry, (pgno, checksum, page) -> {
            byte[] bytes = new byte[page.remaining()];
            page.get(bytes);
            content.put(pgno, bytes);
        });
        return content;
    }

    /** All entries of a log. */
    static List<LogEntry> entries(TransactionLog log) throws DiskException {
        List<LogEntry> entries = new ArrayList<>();
        log.scan(0, entries::add);
        return entries;
    }

    static TransactionHeader header(
            String database, long txid, int pageSize, int commit, TransactionHeader.Image image) {
        return new TransactionHeader(
                database,
                txid,
                3,
                1_700_000_000_000L + txid,
                pageSize,
                commit,
                txid * 7,
                txid * 11,
                image,
                1000,
                100,
                0644);
    }

    static TransactionHeader delta(String database, long txid) {
        return header(database, txid, 4096, 100, TransactionHeader.Image.DELTA);
    }
}
