package io.ltxfs.database.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A file of a {@link SimDisk}: what readers see, what a power cut keeps for sure, and the changes in between. */
final class SimInode {
    private static final int SECTOR = 512;

    /** One unsynced change: bytes at an offset, or without bytes a new size. */
    record Change(long offset, byte @Nullable [] data) {}

    /** How likely a change is kept; one is drawn for each file and cut. */
    private static final double[] KEEP = {0, 0.1, 0.5, 0.5, 0.9, 1};

    private final SimContent seen;
    private final SimContent durable;
    private final List<Change> pending = new ArrayList<>();
    private long reserved;

    SimInode() {
        this(new SimContent(), new SimContent());
    }

    private SimInode(SimContent seen, SimContent durable) {
        this.seen = seen;
        this.durable = durable;
    }

    SimContent seen() {
        return seen;
    }

    int pendingCount() {
        return pending.size();
    }

    void reserve(long end) {
        reserved = Math.max(reserved, end);
    }

    /** Bytes that the file takes from the disk's capacity. */
    long occupied() {
        return Math.max(reserved, seen.size());
    }

    void write(long offset, byte[] data) {
        seen.write(offset, data, 0, data.length);
        pending.add(new Change(offset, data));
    }

    void truncate(long size) {
        seen.truncate(size);
        pending.add(new Change(size, null));
    }

    /** Makes the first changes durable. */
    void settle(int count) {
        List<Change> done = pending.subList(0, count);
        for (Change change : done) {
            apply(durable, change);
        }
        done.clear();
    }

    /** A failed fdatasync: some of the changes are on disk, the others never will be, though readers see them. */
    void settleSome(int count, Random random) {
        List<Change> done = pending.subList(0, count);
        for (Change change : done) {
            if (random.nextBoolean()) {
                apply(durable, change);
            }
        }
        done.clear();
    }

    /** The same file after the death of the process: nothing is lost yet. */
    SimInode copy() {
        SimInode copy = new SimInode(seen.copy(), durable.copy());
        copy.pending.addAll(pending);
        return copy;
    }

    /** The file after a power cut: any subset of the unsynced changes, writes torn at sectors. */
    SimInode cut(Random random) {
        SimContent content = durable.copy();
        double keep = KEEP[random.nextInt(KEEP.length)];
        boolean torn = random.nextDouble() < 0.6;
        for (Change change : pending) {
            byte[] data = change.data;
            if (data == null || !torn) {
                if (random.nextDouble() < keep) {
                    apply(content, change);
                }
                continue;
            }
            int done = 0;
            while (done < data.length) {
                int part = (int) Math.min(data.length - done, SECTOR - (change.offset + done) % SECTOR);
                if (random.nextDouble() < keep) {
                    content.write(change.offset + done, data, done, part);
                }
                done += part;
            }
        }
        return new SimInode(content, content.copy());
    }

    private static void apply(SimContent content, Change change) {
        if (change.data == null) {
            content.truncate(change.offset);
        } else {
            content.write(change.offset, change.data, 0, change.data.length);
        }
    }
}
