package io.ltxfs.fusefs.replica;

import io.ltxfs.database.Database;
import io.ltxfs.database.Database.WalTail;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.receive.Arrival;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.database.sqlite.DatabaseHeader;
import io.ltxfs.fusefs.host.WalIndexLayout;
import io.ltxfs.fusefs.own.OwnMountThread;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies transactions to a database in WAL mode as a SQLite writer would, whose locks are held: frames at the end of the
 * WAL, then the wal-index (rules E3 to E9). Readers keep their snapshots, and hold up nothing but checkpoints.
 *
 * <p>A WAL begins anew when all of it is in the database file and nobody reads it. Readers that overlap without end never
 * let that happen; beyond a soft limit applying pauses for a moment, so that new readers leave the WAL alone and old ones
 * end (E9).
 */
final class WalFollower {
    private static final Logger LOG = LoggerFactory.getLogger(WalFollower.class);

    /** A checkpoint begins when the WAL has so many frames that are not in the file. */
    private static final int CHECKPOINT_FRAMES = 1000;

    /** How many pages are copied at once, between transactions. */
    private static final int SLICE_PAGES = 64;

    /** A WAL of fewer frames is not begun anew. */
    private static final int RESTART_FRAMES = 1000;

    private static final long SOFT_BYTES = 64L << 20;
    private static final long GROWTH_BYTES = 32L << 20;
    private static final long PAUSE_NANOS = Duration.ofMillis(500).toNanos();
    private static final long BUSY_NANOS = Duration.ofMillis(100).toNanos();

    private final Surroundings around;
    private final OwnMountThread thread;
    private final DatabaseFiles files;
    private final Database database;
    private final WalState state;

    private @Nullable Checkpoint checkpoint;
    private long checkpointNotBefore;
    private long pauseSince;
    private long pauseAtBytes = SOFT_BYTES;

    private WalFollower(
            Surroundings around, OwnMountThread thread, DatabaseFiles files, Database database, WalState state) {
        this.around = around;
        this.thread = thread;
        this.files = files;
        this.database = database;
        this.state = state;
    }

    /** Takes over a WAL whose locks are held; null if its index is to be recovered and somebody is in the way. */
    static @Nullable WalFollower load(
            Surroundings around,
            OwnMountThread thread,
            DatabaseFiles files,
            Database database,
            Optional<WalTail> captured)
            throws IOException {
        WalTail tail = captured.orElse(null);
        int pageSize = database.pageSize();
        int[] salts = {
            ThreadLocalRandom.current().nextInt(), ThreadLocalRandom.current().nextInt()
        };
        Buffers buffers = Buffers.ofThread();
        WalState state = thread.call(t -> Optional.ofNullable(files.load(tail, pageSize, salts, buffers.region)))
                .orElse(null);
        if (state == null) {
            return null;
        }
        database.walPublished(state.mxFrame);
        return new WalFollower(around, thread, files, database, state);
    }

    /** The last frame that readers know of. */
    int published() {
        return state.published;
    }

    /** Whether a transaction can be said in frames: it has pages, of the size of those that are there. */
    boolean fits(Arrival arrival) {
        TransactionHeader header = arrival.header();
        return arrival.pages() > 0
                && header.commit() != 0
                && header.pageSize() == state.pageSize
                && header.image() == Image.DELTA;
    }

    /**
     * Stores the frames of as many transactions as go in one write, not yet published.
     *
     * @param arrivals oldest first, the first of which {@link #fits}
     * @return how many were stored; 0 if the first cannot be said in frames: it changes the journal mode
     */
    int append(List<Arrival> arrivals) throws IOException {
        tryRestart();
        Receiver receiver = around.receiver();
        FrameBuilder builder = new FrameBuilder(state, Buffers.ofThread().frames, this::store);
        int count = 0;
        boolean ended = false;
        try {
            for (Arrival arrival : arrivals) {
                if (count > 0 && (!fits(arrival) || !builder.hasRoomFor(arrival.pages()))) {
                    break;
                }
                if (!build(builder, arrival, receiver)) {
                    break;
                }
                count++;
            }
            if (count > 0) {
                store(builder.rest(), builder.offset());
                ended = true;
            }
        } finally {
            int complete = 0;
            for (Arrival arrival : arrivals.subList(0, Math.max(1, count))) {
                complete += receiver.framesWritten(arrival) ? 1 : 0;
            }
            if (ended && complete != count) {
                throw new IOException(database.name() + ": frames were not taken for the transactions that they are");
            }
        }
        if (count > 0) {
            builder.stored();
        }
        return count;
    }

    /** @return false if it changes the journal mode: then it is left out */
    private static boolean build(FrameBuilder builder, Arrival arrival, Receiver receiver) throws IOException {
        receiver.expectFrames(arrival);
        builder.begin(arrival.pages(), arrival.header().commit());
        try {
            receiver.pages(arrival, (pgno, checksum, page) -> {
                if (pgno == 1 && !DatabaseHeader.isWal(page.slice())) {
                    throw new OtherMode();
                }
                builder.page(pgno, page);
            });
        } catch (OtherMode e) {
            builder.leaveOut();
            return false;
        }
        if (!builder.isComplete()) {
            throw new IOException(arrival.header().database() + ": pages are missing of transaction "
                    + arrival.header().txid());
        }
        return true;
    }

    private void store(ByteBuffer frames, long offset) throws DiskException {
        try {
            thread.call(t -> files.append(frames, offset));
        } catch (IOException e) {
            throw new DiskException(Errno.EIO, String.valueOf(e.getMessage()));
        }
    }

    /** Page 1 says that there is no WAL any more. */
    private static final class OtherMode extends DiskException {
        private static final long serialVersionUID = 1;

        OtherMode() {
            super(0, "the journal mode changes");
        }
    }

    /** Readers see what is stored. */
    void publish() throws IOException {
        state.change++;
        int first = state.published + 1;
        int[] pages = state.pages(state.published, state.mxFrame);
        WalIndexLayout.Header header = state.header();
        ByteBuffer region = Buffers.ofThread().region;
        thread.call(t -> files.publish(first, pages, header, region));
        state.published = state.mxFrame;
    }

    // ---- checkpoint

    /**
     * Goes on with a checkpoint, or begins one if it is time.
     *
     * @param idle whether nothing else waits
     * @return whether there is more to do at once
     */
    boolean checkpoint(boolean idle) throws IOException {
        if (state.published != state.mxFrame) {
            return false;
        }
        if (checkpoint == null
                && (state.published - state.backfilled < CHECKPOINT_FRAMES
                        || System.nanoTime() - checkpointNotBefore < 0)) {
            return false;
        }
        if (checkpoint == null && !beginCheckpoint()) {
            return false;
        }
        slice(SLICE_PAGES);
        if (checkpoint == null && state.published - state.backfilled < SLICE_PAGES) {
            finishRest();
        }
        return checkpoint != null;
    }

    private boolean beginCheckpoint() throws IOException {
        ByteBuffer buffer = Buffers.ofThread().region;
        int mxFrame = state.published;
        state.backfilled = thread.call(t -> files.backfilled(buffer));
        if (state.backfilled >= mxFrame) {
            return false;
        }
        int safe = thread.call(t -> files.beginCheckpoint(mxFrame, buffer));
        if (safe == 0) {
            checkpointNotBefore = System.nanoTime() + BUSY_NANOS;
            return false;
        }
        checkpoint = new Checkpoint(state, safe);
        return true;
    }

    private void slice(int pages) throws IOException {
        Checkpoint running = checkpoint;
        if (running == null) {
            return;
        }
        Buffers buffers = Buffers.ofThread();
        int count = Math.min(pages, running.left());
        int pageSize = state.pageSize;
        boolean ok = false;
        try {
            if (count > 0) {
                int from = running.done();
                thread.call(t -> files.copy(running.copies(), from, from + count, pageSize, buffers.frames));
                running.did(count);
            }
            if (running.left() == 0) {
                boolean whole = running.safe == state.published;
                long size = whole && state.shrank ? Integer.toUnsignedLong(state.databasePages) * pageSize : -1;
                checkpoint = null;
                thread.call(t -> files.endCheckpoint(running.safe, size, buffers.region));
                state.backfilled = running.safe;
                state.shrank &= !whole;
                if (!whole) {
                    // Readers are in the way: not at once again.
                    checkpointNotBefore = System.nanoTime() + BUSY_NANOS;
                }
            }
            ok = true;
        } finally {
            if (!ok) {
                checkpoint = null;
                thread.call(t -> files.leaveCheckpoint());
            }
        }
    }

    /** The few frames that came while a checkpoint ran, so that the WAL can begin anew. */
    private void finishRest() throws IOException {
        if (state.backfilled < state.published && beginCheckpoint()) {
            slice(SLICE_PAGES);
        }
    }

    /** E3: begins a new WAL if everything is in the database file and nobody reads the WAL. */
    private boolean tryRestart() throws IOException {
        if (state.mxFrame < RESTART_FRAMES || checkpoint != null || state.published != state.mxFrame) {
            return false;
        }
        ByteBuffer buffer = Buffers.ofThread().region;
        if (state.backfilled < state.mxFrame) {
            return false;
        }
        WalIndexLayout.Header next = new WalIndexLayout.Header(
                state.change + 1,
                state.bigEndian,
                state.pageSize,
                0,
                state.databasePages,
                (int) (state.checksum >>> 32),
                (int) state.checksum,
                state.salt1 + 1,
                ThreadLocalRandom.current().nextInt());
        if (!thread.call(t -> files.restart(next, buffer))) {
            return false;
        }
        state.change = next.change();
        state.salt1 = next.salt1();
        state.salt2 = next.salt2();
        state.checkpointSequence++;
        state.mxFrame = 0;
        state.published = 0;
        state.backfilled = 0;
        database.walPublished(0);
        pauseSince = 0;
        pauseAtBytes = SOFT_BYTES;
        return true;
    }

    /** E9: whether applying is to wait a little, for readers that keep the WAL from beginning anew. */
    boolean mustPause() throws IOException {
        if (state.bytes() < pauseAtBytes || state.published != state.mxFrame) {
            return false;
        }
        long now = System.nanoTime();
        if (pauseSince == 0) {
            pauseSince = now;
        }
        if (checkpoint == null && state.backfilled < state.published) {
            beginCheckpoint();
        }
        while (checkpoint != null) {
            slice(SLICE_PAGES);
        }
        if (tryRestart()) {
            return false;
        }
        if (now - pauseSince < PAUSE_NANOS) {
            return true;
        }
        pauseSince = 0;
        pauseAtBytes = state.bytes() + GROWTH_BYTES;
        LOG.info("readers overlap, the WAL grows: database={} bytes={}", database.name(), state.bytes());
        return false;
    }
}
