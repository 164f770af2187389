package io.ltxfs.archive.restore;

import io.ltxfs.ltx.Crc64;
import io.ltxfs.ltx.Crc64Appender;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxFrameDecoder;
import io.ltxfs.ltx.PageChecksum;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Fetches frames, decodes them and writes their pages; reads pages back that an earlier restore has written. */
final class JobRunner {
    /**
     * What a thread works in. What comes in is direct, so that a file is read into it without a copy; what goes out is on
     * the heap, since checksums are taken of it, which the JVM's first compiler does twice as fast in an array.
     */
    record Buffers(ByteBuffer in, ByteBuffer out) {
        static Buffers allocate(int jobBytesMax) {
            return new Buffers(ByteBuffer.allocateDirect(jobBytesMax), ByteBuffer.allocate(OUT_BYTES));
        }
    }

    /** What is written at once, and one page of the largest size beside it. */
    private static final int OUT_BYTES = (1 << 20) + 65536;

    /**
     * Pages, shortened.
     *
     * @param xor of their checksums, as the database's checksum has it. The same change at the same place in two pages
     *     cancels out in it
     * @param digest a sum of their mixed checksums, where it does not
     */
    record Pages(long xor, long digest) {}

    /** What came out of a fetch: the pages that were written, and the CRC of all frames. */
    record Fetched(Pages pages, long crc, long crcBytes) {}

    private final PartialFile file;
    private final int pageSize;
    private final boolean whole;
    private final Crc64Appender page;

    /**
     * For one database.
     *
     * @param whole whether the CRC that counts in the file checksum is wanted
     */
    JobRunner(PartialFile file, int pageSize, boolean whole) {
        this.file = file;
        this.pageSize = pageSize;
        this.whole = whole;
        this.page = new Crc64Appender(pageSize);
    }

    /** Fetches. */
    Fetched fetch(FetchJob job, Buffers buffers) throws IOException {
        try {
            return decode(job, buffers);
        } catch (LtxFormatException e) {
            throw new DamagedObjectException(job.source().source().key(), String.valueOf(e.getMessage()));
        }
    }

    private Fetched decode(FetchJob job, Buffers buffers) throws IOException {
        ByteBuffer from = job.source().bytes();
        int base = (int) job.offset();
        if (from == null) {
            from = buffers.in().clear().limit(job.length());
            job.source().read(job.offset(), from);
            base = 0;
        }
        from.clear();
        LtxFrameDecoder decoder = new LtxFrameDecoder(job.source().ends().generation(), pageSize);
        ByteBuffer out = buffers.out();
        int scratch = out.capacity() - pageSize;
        long runFirst = 0;
        int runBytes = 0;
        long xor = 0;
        long digest = 0;
        long crc = 0;
        long crcBytes = 0;
        for (int i = 0; i < job.count(); i++) {
            int pgno = job.pgno(i);
            boolean wanted = job.isWanted(i);
            int at = scratch;
            if (wanted) {
                long number = Integer.toUnsignedLong(pgno);
                if (runBytes == scratch / pageSize * pageSize || number != runFirst + runBytes / pageSize) {
                    write(out, runFirst, runBytes);
                    runFirst = number;
                    runBytes = 0;
                }
                at = runBytes;
                runBytes += pageSize;
            }
            int start = base + job.start(i);
            int counted = decoder.decode(from, start, job.size(i), pgno, job.offset() + job.start(i), out, at);
            if (whole) {
                long content = Crc64.update(0, out, at, pageSize);
                crc = page.append(Crc64.update(crc, from, start, counted), content);
                crcBytes += counted + pageSize;
                if (wanted) {
                    long checksum = PageChecksum.FLAG | page.append(Crc64.updateInt(0, pgno), content);
                    xor ^= checksum;
                    digest += mix(checksum);
                }
            } else if (wanted) {
                long checksum = PageChecksum.of(pgno, out, at, pageSize);
                xor ^= checksum;
                digest += mix(checksum);
            }
        }
        write(out, runFirst, runBytes);
        return new Fetched(new Pages(xor, digest), crc, crcBytes);
    }

    private void write(ByteBuffer out, long pgno, int bytes) throws IOException {
        if (bytes > 0) {
            file.write(out.clear().limit(bytes), (pgno - 1) * pageSize);
            out.clear();
        }
    }

    /** Pages that are in the file already; zeros if it ends before. */
    Pages readBack(PageRuns runs, Buffers buffers) throws IOException {
        long xor = 0;
        long digest = 0;
        ByteBuffer out = buffers.out();
        int pagesMax = out.capacity() / pageSize;
        for (int run = 0; run < runs.count(); run++) {
            int done = 0;
            while (done < runs.length(run)) {
                int count = Math.min(pagesMax, runs.length(run) - done);
                long pgno = runs.first(run) + done;
                if (!file.read(out.clear().limit(count * pageSize), (pgno - 1) * pageSize)) {
                    return new Pages(0, 0);
                }
                for (int i = 0; i < count; i++) {
                    long checksum = PageChecksum.of((int) (pgno + i), out, i * pageSize, pageSize);
                    xor ^= checksum;
                    digest += mix(checksum);
                }
                done += count;
            }
        }
        out.clear();
        return new Pages(xor, digest);
    }

    /** Half of the bits change with every bit that changes, and not linearly. */
    private static long mix(long value) {
        long h = (value ^ value >>> 33) * 0xff51afd7ed558ccdL;
        h = (h ^ h >>> 33) * 0xc4ceb9fe1a85ec53L;
        return h ^ h >>> 33;
    }
}
