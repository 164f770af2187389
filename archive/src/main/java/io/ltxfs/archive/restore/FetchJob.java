package io.ltxfs.archive.restore;

import java.util.BitSet;

/**
 * Neighbouring frames of one LTX file to be fetched by one request, and which of their pages to write. Bounded in the
 * bytes to fetch and in the bytes that they become.
 */
final class FetchJob {
    private final OpenSource source;
    private final int sequence;
    private final long offset;
    private final int length;
    private final int[] pgnos;
    private final int[] starts;
    private final int[] sizes;
    private final BitSet wanted;

    /**
     * Makes one.
     *
     * @param sequence which job of its source it is, from 0 on
     * @param offset of the first frame in the LTX file
     * @param length from there to the last frame's end
     * @param starts of the frames, from {@code offset} on
     * @param wanted which of the frames' pages to write
     */
    FetchJob(
            OpenSource source,
            int sequence,
            long offset,
            int length,
            int[] pgnos,
            int[] starts,
            int[] sizes,
            BitSet wanted) {
        this.source = source;
        this.sequence = sequence;
        this.offset = offset;
        this.length = length;
        this.pgnos = pgnos;
        this.starts = starts;
        this.sizes = sizes;
        this.wanted = wanted;
    }

    OpenSource source() {
        return source;
    }

    int sequence() {
        return sequence;
    }

    long offset() {
        return offset;
    }

    int length() {
        return length;
    }

    /** How many frames. */
    int count() {
        return pgnos.length;
    }

    /** The page of a frame (unsigned). */
    int pgno(int i) {
        return pgnos[i];
    }

    int start(int i) {
        return starts[i];
    }

    int size(int i) {
        return sizes[i];
    }

    boolean isWanted(int i) {
        return wanted.get(i);
    }

    /** The pages to write, as runs. */
    PageRuns runs() {
        PageRuns runs = new PageRuns();
        for (int i = wanted.nextSetBit(0); i >= 0; i = wanted.nextSetBit(i + 1)) {
            runs.add(Integer.toUnsignedLong(pgnos[i]));
        }
        return runs;
    }
}
