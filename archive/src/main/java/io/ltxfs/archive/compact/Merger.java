package io.ltxfs.archive.compact;

import io.ltxfs.archive.upload.Spool;
import io.ltxfs.ltx.LtxCompactor;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.LtxSummary;
import io.ltxfs.ltx.PageCoding;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Joins consecutive LTX files, however many, with a bound on how many are open at a time: when that many have gathered,
 * they are joined into one in the spool, and those again.
 */
final class Merger implements Closeable {
    /** How many files are open at a time. */
    static final int OPEN_MAX = 24;

    /** An LTX file to join. Opened once; what it takes is given up when it is closed. */
    interface Input extends Closeable {
        LtxReader open() throws IOException;
    }

    private final Spool spool;
    private final List<List<Input>> ranks = new ArrayList<>();

    Merger(Spool spool) {
        this.spool = spool;
    }

    /** Adds the next file, which this closes. It is opened later. */
    void add(Input input) throws IOException {
        add(0, input);
    }

    private void add(int rank, Input input) throws IOException {
        if (rank == ranks.size()) {
            ranks.add(new ArrayList<>());
        }
        List<Input> gathered = ranks.get(rank);
        if (gathered.size() == OPEN_MAX) {
            Spooled joined = new Spooled(spool.create());
            try {
                join(gathered, joined.item, PageCoding.BLOCK);
            } catch (IOException | RuntimeException e) {
                joined.close();
                throw e;
            }
            gathered.clear();
            add(rank + 1, joined);
        }
        gathered.add(input);
    }

    /** Joins what was added. */
    LtxSummary finish(OutputStream out, PageCoding coding) throws IOException {
        while (ranks.size() > 1) {
            int last = ranks.size() - 1;
            if (ranks.get(last).size() + ranks.get(last - 1).size() <= OPEN_MAX) {
                ranks.get(last).addAll(ranks.remove(last - 1));
                continue;
            }
            List<Input> lowest = ranks.get(0);
            Spooled joined = new Spooled(spool.create());
            try {
                join(lowest, joined.item, PageCoding.BLOCK);
            } catch (IOException | RuntimeException e) {
                joined.close();
                throw e;
            }
            ranks.remove(0);
            ranks.get(0).add(joined);
        }
        LtxSummary summary = join(ranks.get(0), out, coding);
        ranks.clear();
        return summary;
    }

    private static LtxSummary join(List<Input> inputs, OutputStream out, PageCoding coding) throws IOException {
        List<LtxReader> readers = new ArrayList<>();
        try {
            for (Input input : inputs) {
                readers.add(input.open());
            }
            return LtxCompactor.compact(
                    readers, out, new LtxCompactor.Options(coding, false, false, LtxCompactor.Growth.REFUSE_MISSING));
        } finally {
            for (LtxReader reader : readers) {
                reader.close();
            }
            for (Input input : inputs) {
                input.close();
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (List<Input> rank : ranks) {
            for (Input input : rank) {
                input.close();
            }
        }
    }

    /** A file in the spool. */
    static final class Spooled implements Input {
        final Spool.Item item;

        Spooled(Spool.Item item) {
            this.item = item;
        }

        @Override
        public LtxReader open() throws IOException {
            return LtxReader.open(item.body().open(), item.body().size());
        }

        @Override
        public void close() throws IOException {
            item.close();
        }
    }
}
