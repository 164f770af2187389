package io.ltxfs.ltx;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;

/**
 * What may happen to any bytes that are taken for an LTX file: they are read, or refused with an
 * {@link LtxFormatException}; nothing else, and no more memory than the size of the input justifies.
 */
final class FuzzTargets {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** The LZ4 frame of a first-generation file may ask for blocks of 4 MiB. */
    private static final long ALLOCATED_MAX = 12L << 20;

    private static final long ALLOCATED_PER_BYTE_MAX = 200;

    interface Target {
        void run(byte[] file) throws IOException;
    }

    private FuzzTargets() {}

    /** Runs a target; whatever it throws but a refusal is a bug. */
    static void run(byte[] file, Target target) {
        long max = ALLOCATED_MAX + ALLOCATED_PER_BYTE_MAX * file.length;
        long allocated = allocatedBy(file, target);
        if (allocated > max) {
            // Classes that are loaded on the way allocate too, but only the first time.
            allocated = allocatedBy(file, target);
        }
        if (allocated > max) {
            throw new AssertionError(allocated + " bytes allocated for a file of " + file.length);
        }
    }

    private static long allocatedBy(byte[] file, Target target) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try {
            target.run(file);
        } catch (LtxFormatException e) {
            if (e.offset() < 0) {
                throw new AssertionError("offset " + e.offset(), e);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /** Reads from front to back; a file that is accepted comes out of the writer with the same content. */
    static void read(byte[] file) throws IOException {
        LtxReader reader = LtxReader.open(new ByteArrayInputStream(file), file.length);
        LtxHeader header = reader.header();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxHeader today = reader.generation() == LtxGeneration.V1_LZ4 ? withoutLz4Flag(header) : header;
        LtxWriter writer = new LtxWriter(out, today);
        byte[] page = new byte[header.pageSize()];
        for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
            writer.writePage(pgno, page, 0);
        }
        LtxSummary summary = reader.finish();
        writer.finish(summary.trailer().postApplyChecksum());
        LtxSummary again = LtxReader.verify(new ByteArrayInputStream(out.toByteArray()));
        if (again.pages() != summary.pages() || !again.header().equals(today)) {
            throw new AssertionError(summary + " became " + again);
        }
    }

    /** The same with a file checksum that is right, so that what comes behind that check is reached. */
    static void readRepaired(byte[] file) throws IOException {
        try {
            LtxReader.verify(new ByteArrayInputStream(file));
        } catch (LtxFormatException e) {
            if (e.error() != LtxError.FILE_CHECKSUM) {
                throw e;
            }
            byte[] repaired = file.clone();
            int digits = e.detail().length() - 16;
            LtxLayout.putLong(
                    repaired, (int) e.offset(), PageChecksum.parse(e.detail().substring(digits)));
            read(repaired);
        }
    }

    /** Reads through the index. */
    static void readByIndex(byte[] file) throws IOException {
        LtxIndexReader reader = new LtxIndexReader(RangeSource.of(file), 64);
        byte[] page = new byte[reader.header().pageSize()];
        for (int i = 0; i < Math.min(reader.index().count(), 1000); i++) {
            reader.readPage(i, page);
        }
    }

    /** Compacts two files out of one input. */
    static void compact(byte[] files) throws IOException {
        int middle = files.length / 2;
        for (int i = LtxHeader.SIZE; i + 4 < files.length; i++) {
            if (LtxLayout.getInt(files, i) == LtxLayout.MAGIC) {
                middle = i;
            }
        }
        LtxReader first = LtxReader.open(new ByteArrayInputStream(files, 0, middle));
        LtxReader second = LtxReader.open(new ByteArrayInputStream(files, middle, files.length - middle));
        LtxCompactor.compact(List.of(first, second), OutputStream.nullOutputStream(), LtxCompactor.Options.DEFAULT);
    }

    /** Two files in one input, the way {@link #compact} takes them. */
    static byte[] join(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static LtxHeader withoutLz4Flag(LtxHeader header) {
        return new LtxHeader(
                header.flags() & ~LtxLayout.FLAG_V1_LZ4,
                header.pageSize(),
                header.commit(),
                header.minTxid(),
                header.maxTxid(),
                header.timestampMillis(),
                header.preApplyChecksum(),
                header.walOffset(),
                header.walSize(),
                header.walSalt1(),
                header.walSalt2(),
                header.nodeId());
    }
}
