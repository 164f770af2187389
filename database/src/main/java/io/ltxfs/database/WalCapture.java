package io.ltxfs.database;

import static io.ltxfs.database.Database.PENDING;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.LogRecord;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.sqlite.DatabaseHeader;
import io.ltxfs.database.sqlite.WalLayout;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.PageChecksum;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Captures transactions in WAL mode.
 *
 * <p>A frame is a 24-byte header and a page, written in two calls or more. A transaction is complete when a frame with a
 * commit size has a header that was written since the last restart point, and every frame from the last captured commit
 * to it is fresh in the same sense and carries the running checksum on (C1): validity alone is not enough, because an
 * application that tries a failed commit again writes the same bytes again, and after its first frame the old ones would
 * complete the chain. The completing write may be a page, half a page, or a header: after a spill SQLite goes back and
 * writes the headers of the frames again.
 *
 * <p>The commit is decided in the write that completes it: role, then the log, then the answer. If it is refused, its
 * bytes do not stay (A3): readers would not see them, a recovery would. And the refusal stays until a frame header is
 * written again (A2): the kernel may send the rest of a split page once more.
 *
 * <p>Checkpoints write pages that the log has, so they are no transactions; they must match a captured version of the
 * page (C5). When a new generation of the WAL begins, everything that was visible has been written back. What was
 * captured and was not belongs to a writer that died between its last frame and the wal-index (C3): the mount rolls it
 * forward at once; if another writer was faster, its next transaction carries the old content of those pages.
 */
final class WalCapture {
    private static final Logger LOG = LoggerFactory.getLogger(WalCapture.class);

    /** A write to the database file that is not SQLite's checkpoint: another program's. */
    static final int FOREIGN = -2;

    private static final int UNDURABLE_MAX = 64;

    private final Database database;
    private final State state;
    private final Services services;

    private @Nullable SideFile wal;
    private boolean headerValid;
    private boolean bigEndian;
    private int pageSize;
    private long salts;
    private int checkpointSequence;
    private long headerChecksum;

    private final FrameTable frames = new FrameTable();
    private int captured;
    private long capturedChecksum;
    private int capturedCommit;
    private long capturedLsn;
    private @Nullable Handle capturedBy;
    private int published;

    /** Of the frames after {@link #captured}, by frame number. */
    private final BitSet freshHeaders = new BitSet();

    private final BitSet freshPages = new BitSet();
    private int parsed;
    private long parsedChecksum;
    private int headerFrame;
    private int headerBytes;
    private @Nullable SlotStore slots;
    private int[] parsedPgnos = new int[16];
    private long[] parsedSums = new long[16];
    private final Set<Integer> reverted = new HashSet<>();
    private final Set<Integer> commitSizes = new HashSet<>();
    /** Commits whose records may not be durable yet: last frame and LSN, ascending. */
    private final ArrayDeque<long[]> undurable = new ArrayDeque<>();

    /** The commit that others are to have before the write that completed it is answered. */
    private @Nullable TransactionHeader toReplicate;
    /**
     * Up to this frame commits stay whose writer was told an error, and that are not published yet: nobody may write over
     * them.
     */
    private int unknownEnd;

    /** Transactions of another node, in the order in which their frames will come. */
    private final ArrayDeque<Expected> expected = new ArrayDeque<>();

    private int refusal;
    private boolean syncedInFrame;
    private @Nullable Handle pads;

    /** The frame that is parsed; while {@link #assembledFrame} is not 0, the first {@link #assembled} bytes of that one. */
    private byte[] frame = new byte[0];

    private int assembledFrame;
    private int assembled;

    WalCapture(Database database, State state, Services services) {
        this.database = database;
        this.state = state;
        this.services = services;
    }

    void created(SideFile file) {
        wal = file;
        headerValid = false;
        restart();
    }

    /** Whether writes to the database file are checkpoints: the WAL holds captured frames. */
    boolean hasFrames() {
        return wal != null && captured > 0;
    }

    /** Whether a transaction is still to carry pages of a writer that died (C3). */
    boolean hasReverted() {
        return !reverted.isEmpty();
    }

    /** Whether this handle wrote the last captured commit, and nothing says that it was published. */
    boolean mayHaveDied(Handle handle) {
        return hasFrames() && handle == capturedBy && captured > published;
    }

    /** LSN of the last captured commit of this generation, 0 if there is none. */
    long capturedLsn() {
        return captured > 0 ? capturedLsn : 0;
    }

    Optional<Database.WalTail> tail() {
        if (!hasFrames()) {
            return Optional.empty();
        }
        return Optional.of(new Database.WalTail(
                captured,
                pageSize,
                capturedCommit,
                (int) (salts >>> 32),
                (int) salts,
                (int) (capturedChecksum >>> 32),
                (int) capturedChecksum,
                bigEndian,
                checkpointSequence,
                frames.pagesOfFrames(captured)));
    }

    /**
     * A transaction of another node, whose frames are about to be written.
     *
     * @param pgnos its pages, ascending
     * @param checksums of them
     */
    record Expected(TransactionHeader header, long lsn, int[] pgnos, long[] checksums) {
        boolean isMadeOf(SlotPages pages) {
            return Arrays.equals(pgnos, pages.pgnos()) && Arrays.equals(checksums, pages.checksums());
        }
    }

    /** @throws DiskException EINVAL, EBUSY if frames cannot bring it */
    void expect(Expected next) throws DiskException {
        TransactionHeader header = next.header;
        if (state.lastLsn == 0
                || state.wantsFull
                || header.image() != TransactionHeader.Image.DELTA
                || header.commit() == 0
                || header.pageSize() != state.pageSize
                || next.pgnos.length == 0) {
            throw new DiskException(
                    Errno.EINVAL,
                    String.format("%s: frames of a WAL cannot bring transaction %016x", state.name, header.txid()));
        }
        if (!reverted.isEmpty()) {
            throw new DiskException(
                    Errno.EBUSY, state.name + ": commits of a writer that has died are missing in the file");
        }
        if (expected.isEmpty()) {
            refusal = Errno.OK;
            giveUp();
        }
        expected.addLast(next);
    }

    void expectNothing() {
        expected.clear();
    }

    /** Frames behind the last commit are not gone on with. */
    void giveUp() {
        parsed = captured;
        parsedChecksum = capturedChecksum;
        freshHeaders.clear();
        freshPages.clear();
        headerFrame = 0;
        assembledFrame = 0;
        syncedInFrame = false;
        closeSlots();
    }

    /**
     * Pages that are in no file as they are committed (C3), from the log, besides those of a transaction that is to go to
     * the file.
     */
    SlotPages withReverted(TransactionHeader header, SlotPages pages) throws DiskException {
        if (reverted.isEmpty() || header.image() == TransactionHeader.Image.FULL) {
            return pages;
        }
        Set<Integer> wanted = new HashSet<>(reverted);
        wanted.removeIf(pgno -> Integer.compareUnsigned(pgno, Math.min(header.commit(), state.commit)) > 0);
        for (int i = 0; i < pages.count(); i++) {
            wanted.remove(pages.pgno(i));
        }
        SlotPages[] all = {pages};
        services.log().pageVersions(state.name, state.lastLsn, (pgno, checksum, page) -> {
            if (wanted.remove(pgno)) {
                all[0] = all[0].with(pgno, checksum, page);
            }
        });
        if (!wanted.isEmpty()) {
            throw new DiskException(
                    Errno.EIO, state.name + ": the log does not have committed pages that its file lacks: start again");
        }
        return all[0];
    }

    void forgetReverted() {
        reverted.clear();
    }

    void published(int mxFrame) {
        published = Math.max(published, mxFrame);
    }

    // ---- the WAL file

    int write(SideFile file, Handle handle, long offset, ByteBuffer source, Completion completion)
            throws DiskException {
        long before = file.size();
        int length = source.remaining();
        if (file == wal && isUnknown(offset)) {
            return Errno.EIO;
        }
        if (file == wal && refusal != Errno.OK && !beginsAgain(offset)) {
            return refusal;
        }
        file.write(offset, source);
        if (file != wal) {
            return Errno.OK;
        }
        try {
            int errno = parse(file, handle, offset, length, source);
            if (errno == Errno.OK) {
                return toReplicate == null ? Errno.OK : replicate(file, toReplicate, completion);
            }
            refused(file, errno, before, offset, length);
            return errno;
        } catch (DiskException e) {
            refused(file, e.errno(), before, offset, length);
            throw e;
        }
    }

    /**
     * Others get a commit before its write is answered. What was told an error because its outcome is not known stays: the
     * mount publishes it as that of a writer that died (C3).
     */
    private int replicate(SideFile file, TransactionHeader header, Completion completion) {
        toReplicate = null;
        long lsn = capturedLsn;
        int end = captured;
        database.flushThen(
                lsn,
                failure -> {
                    if (failure != null && services.log().durableLsn() < lsn) {
                        int errno = syncFailed(file, lsn, true, failure.errno(), completion);
                        if (errno != Errno.OK) {
                            return errno;
                        }
                    }
                    return database.awaitOthers(header, lsn, errno -> replicated(end, errno), completion);
                },
                completion);
        return PENDING;
    }

    private int replicated(int end, int errno) {
        if (errno != Errno.OK && end <= captured && end > published) {
            unknownEnd = end;
            LOG.warn(
                    "a commit that others may not have stays, its writer is told an error: database={} txid={}",
                    state.name,
                    state.position.txid());
            database.afterUnlock(() -> services.host().checkDiedWriter(database));
        }
        return errno;
    }

    /** Whether a write would be over commits of unknown outcome that are not published. */
    private boolean isUnknown(long offset) {
        if (unknownEnd == 0) {
            return false;
        }
        boolean over = offset < WalLayout.frameOffset(unknownEnd + 1, pageSize);
        if (unknownEnd <= published || !over || !holdsWhatIsNotInTheFile()) {
            unknownEnd = over && unknownEnd > published && holdsWhatIsNotInTheFile() ? unknownEnd : 0;
            return false;
        }
        database.afterUnlock(() -> services.host().checkDiedWriter(database));
        return true;
    }

    private void refused(SideFile file, int errno, long before, long offset, int length) throws DiskException {
        refusal = errno;
        // One write may bring several transactions: those that are captured stay.
        long kept = captured == 0 ? 0 : WalLayout.frameOffset(captured + 1, pageSize);
        long from = Math.min(offset + length, Math.max(offset, kept));
        unstore(file, Math.max(before, Math.min(kept, offset + length)), from, (int) (offset + length - from));
        parsed = captured;
        parsedChecksum = capturedChecksum;
        freshHeaders.clear();
        freshPages.clear();
        headerFrame = 0;
        assembledFrame = 0;
    }

    /** A2: whether a write starts a transaction anew: the WAL's header, or the header of the first frame to come. */
    private boolean beginsAgain(long offset) {
        return offset == 0
                || !headerValid
                || (offset <= WalLayout.frameOffset(captured + 1, pageSize)
                        && (offset - WalLayout.HEADER_SIZE) % (WalLayout.FRAME_HEADER_SIZE + pageSize) == 0);
    }

    private int parse(SideFile file, Handle handle, long offset, int length, ByteBuffer source) throws DiskException {
        if (offset < WalLayout.HEADER_SIZE) {
            restart();
            readHeader(file);
            if (offset + length <= WalLayout.HEADER_SIZE) {
                return Errno.OK;
            }
        }
        if (!headerValid) {
            return Errno.OK;
        }
        int frameSize = WalLayout.FRAME_HEADER_SIZE + pageSize;
        long at = Math.max(offset, WalLayout.HEADER_SIZE);
        long end = offset + length;
        while (at < end) {
            int number = (int) ((at - WalLayout.HEADER_SIZE) / frameSize) + 1;
            long start = WalLayout.frameOffset(number, pageSize);
            long stop = Math.min(end, start + frameSize);
            touched(file, number, (int) (at - start), (int) (stop - start));
            assemble(source, source.position() - length + (int) (at - offset), number, (int) (at - start), (int)
                    (stop - start));
            at = stop;
        }
        return advance(file, handle);
    }

    /** Bytes {@code from} to {@code to} of a frame were written. */
    private void touched(SideFile file, int number, int from, int to) throws DiskException {
        syncedInFrame &= number == parsed + 1 && from > 0;
        if (number <= captured) {
            if (from >= WalLayout.FRAME_HEADER_SIZE && isAsCaptured(file, number)) {
                return;
            }
            overtaken(number);
        }
        if (number <= parsed) {
            giveUp(file, number - 1);
        }
        if (from < WalLayout.FRAME_HEADER_SIZE) {
            if (from == 0) {
                headerFrame = number;
                headerBytes = 0;
                freshHeaders.clear(number, Math.max(number, freshHeaders.length()));
                refusal = Errno.OK;
            }
            if (headerFrame == number && from <= headerBytes) {
                headerBytes = Math.max(headerBytes, Math.min(to, WalLayout.FRAME_HEADER_SIZE));
                if (headerBytes == WalLayout.FRAME_HEADER_SIZE) {
                    freshHeaders.set(number);
                }
            }
        }
        if (to > WalLayout.FRAME_HEADER_SIZE) {
            freshPages.set(number);
        }
    }

    /**
     * Whether a captured frame still holds the page that was captured. The kernel may send a page in two requests, and
     * where the WAL holds bytes of an older generation the first may complete it: then the second changes nothing. A
     * writer who overtakes begins with a frame's header.
     */
    private boolean isAsCaptured(SideFile file, int number) throws DiskException {
        byte[] page = new byte[pageSize];
        file.copy(WalLayout.frameOffset(number, pageSize) + WalLayout.FRAME_HEADER_SIZE, page, 0, pageSize);
        return PageChecksum.of(frames.pgno(number), page, 0, pageSize) == frames.checksum(number);
    }

    /** Keeps a frame's bytes as they come, so that the usual frame, written from front to back, is not read again. */
    private void assemble(ByteBuffer source, int position, int number, int from, int to) {
        if (from == 0) {
            int frameSize = WalLayout.FRAME_HEADER_SIZE + pageSize;
            if (frame.length != frameSize) {
                frame = new byte[frameSize];
            }
            assembledFrame = number;
            assembled = 0;
        }
        if (number == assembledFrame && from == assembled) {
            source.get(position, frame, from, to - from);
            assembled = to;
        } else {
            assembledFrame = 0;
        }
    }

    /** Carries the chain of valid frames on as far as it goes, and commits where it reaches a commit frame. */
    private int advance(SideFile file, Handle handle) throws DiskException {
        int frameSize = WalLayout.FRAME_HEADER_SIZE + pageSize;
        if (frame.length != frameSize) {
            frame = new byte[frameSize];
        }
        while (freshHeaders.get(parsed + 1) && freshPages.get(parsed + 1)) {
            int number = parsed + 1;
            long start = WalLayout.frameOffset(number, pageSize);
            if (start + frameSize > file.size()) {
                return Errno.OK;
            }
            if (assembledFrame != number || assembled != frameSize) {
                assembledFrame = 0;
                file.copy(start, frame, 0, frameSize);
            }
            ByteBuffer view = ByteBuffer.wrap(frame);
            if (view.getLong(WalLayout.FRAME_SALT) != salts) {
                return Errno.OK;
            }
            long checksum = WalLayout.checksum(parsedChecksum, bigEndian, frame, 0, 8);
            checksum = WalLayout.checksum(checksum, bigEndian, frame, WalLayout.FRAME_HEADER_SIZE, pageSize);
            if (view.getLong(WalLayout.FRAME_CHECKSUM) != checksum) {
                return Errno.OK;
            }
            int pgno = view.getInt(WalLayout.FRAME_PGNO);
            int commit = view.getInt(WalLayout.FRAME_COMMIT);
            long sum = PageChecksum.of(pgno, frame, WalLayout.FRAME_HEADER_SIZE, pageSize);
            keep(number, pgno, sum);
            if (commit != 0) {
                int errno = isPadding(number, pgno, sum, commit, handle) ? Errno.OK : commit(handle, number, commit);
                if (errno != Errno.OK) {
                    return errno;
                }
                captured(number, checksum, commit, handle);
            } else {
                parsed = number;
                parsedChecksum = checksum;
            }
        }
        return Errno.OK;
    }

    private void keep(int number, int pgno, long sum) throws DiskException {
        int index = number - captured - 1;
        if (index >= parsedPgnos.length) {
            parsedPgnos = Arrays.copyOf(parsedPgnos, parsedPgnos.length * 2);
            parsedSums = Arrays.copyOf(parsedSums, parsedSums.length * 2);
        }
        parsedPgnos[index] = pgno;
        parsedSums[index] = sum;
        SlotStore store = slots;
        if (store == null) {
            store = services.newSlots(pageSize);
            slots = store;
        }
        ByteBuffer page = ByteBuffer.wrap(frame, WalLayout.FRAME_HEADER_SIZE, pageSize);
        if (index < store.count()) {
            store.store(index, page);
        } else {
            store.add(page);
        }
    }

    private void captured(int number, long checksum, int commit, Handle handle) {
        for (int i = 0; i < number - captured; i++) {
            frames.add(parsedPgnos[i], parsedSums[i], i == number - captured - 1);
        }
        captured = number;
        capturedChecksum = checksum;
        capturedCommit = commit;
        capturedBy = handle;
        commitSizes.add(commit);
        parsed = number;
        parsedChecksum = checksum;
        syncedInFrame = false;
        // One write may bring more frames than one: those behind the commit stay fresh.
        freshHeaders.clear(0, number + 1);
        freshPages.clear(0, number + 1);
        closeSlots();
    }

    /**
     * C2: with {@code psow=0} and FULL, SQLite repeats the commit frame up to the next sector, and syncs between two
     * parts of a repeated frame. Only that sync tells it from a transaction that writes the same page again.
     */
    private boolean isPadding(int number, int pgno, long sum, int commit, Handle handle) {
        boolean repeats = number == captured + 1
                && captured > 0
                && frames.pgno(captured) == pgno
                && frames.checksum(captured) == sum
                && capturedCommit == commit;
        if (repeats && syncedInFrame) {
            pads = handle;
        }
        return repeats && pads == handle;
    }

    // ---- commit

    private int commit(Handle handle, int end, int commit) throws DiskException {
        if (refusal != Errno.OK) {
            return refusal;
        }
        if (handle.own()) {
            return apply(end, commit);
        }
        int refused = database.mayBegin();
        if (refused != Errno.OK) {
            return refused;
        }
        // What another program wrote over the file is there before this commit is.
        database.rollback().commitUnjournaled();
        SlotStore store = slots;
        if (store == null) {
            throw new IllegalStateException("no frames kept");
        }
        SlotPages pages = pages(store, end - captured, commit);
        TransactionHeader header = state.header(pages, pageSize, commit, fullImage());
        long lsn = services.log().appendOpen(new LogRecord.Committed(header, pages));
        if (pages.stage().isPresent()) {
            store.stageTaken();
        }
        refused = services.host().mayCommit();
        if (refused != Errno.OK) {
            // F9: the lease ended while the record was written. The record is withdrawn before the error is answered.
            database.abortNow(lsn);
            return refused;
        }
        services.log().settle(lsn);
        if (captured == 0 && reverted.isEmpty()) {
            database.walBegan();
        }
        try {
            state.committed(header, pages, lsn, true);
        } catch (DiskException e) {
            database.checksumsLost(header, lsn, e);
        }
        capturedLsn = lsn;
        undurable.addLast(new long[] {end, lsn});
        if (undurable.size() > UNDURABLE_MAX) {
            pruneDurable();
        }
        reverted.clear();
        if (database.waits()) {
            toReplicate = header;
        }
        database.changed();
        return Errno.OK;
    }

    /** The node's own frames are those of another node's transaction, which the log has: nothing is appended. */
    private int apply(int end, int commit) throws DiskException {
        Expected next = expected.peekFirst();
        SlotStore store = slots;
        if (next == null || store == null) {
            LOG.error("refused frames of the node's own that were not announced: database={}", state.name);
            return Errno.EIO;
        }
        SlotPages pages = pages(store, end - captured, commit);
        TransactionHeader made = state.header(pages, pageSize, commit, false);
        if (!next.isMadeOf(pages)
                || made.pageSize() != next.header.pageSize()
                || made.commit() != next.header.commit()
                || made.postChecksum() != next.header.postChecksum()) {
            LOG.error(
                    "refused frames that are not the transaction that was received: database={} txid={} pages={}"
                            + " expectedPages={} checksum={} expectedChecksum={}",
                    state.name,
                    next.header.txid(),
                    pages.count(),
                    next.pgnos.length,
                    PageChecksum.format(made.postChecksum()),
                    PageChecksum.format(next.header.postChecksum()));
            return Errno.EIO;
        }
        if (captured == 0) {
            database.walBegan();
        }
        try {
            state.committed(next.header, pages, next.lsn, false);
        } catch (DiskException e) {
            database.checksumsLost(next.header, next.lsn, e);
        }
        capturedLsn = next.lsn;
        undurable.addLast(new long[] {end, next.lsn});
        if (undurable.size() > UNDURABLE_MAX) {
            pruneDurable();
        }
        expected.removeFirst();
        database.changed();
        return Errno.OK;
    }

    private boolean fullImage() {
        return state.wantsFull || state.position.txid() == 0 || state.pageSize != pageSize;
    }

    /** The newest frame of each page up to the commit size (C4: every framed page), and what else belongs to it. */
    private SlotPages pages(SlotStore store, int count, int commit) throws DiskException {
        int lockPage = LockPage.pgno(pageSize);
        long[] keys = new long[count];
        for (int i = 0; i < count; i++) {
            keys[i] = Integer.toUnsignedLong(parsedPgnos[i]) << 32 | i;
        }
        Arrays.sort(keys);
        BitSet own = new BitSet();
        int kept = 0;
        for (int i = 0; i < count; i++) {
            long pgno = keys[i] >>> 32;
            boolean newest = i + 1 == count || keys[i + 1] >>> 32 != pgno;
            if (newest && pgno <= Integer.toUnsignedLong(commit) && pgno != lockPage) {
                keys[kept++] = keys[i];
                own.set((int) Math.min(pgno, Integer.MAX_VALUE));
            }
        }
        long[] sums = Arrays.copyOf(parsedSums, count);
        store.shrink(count);
        for (int pgno : missing(own, lockPage, commit)) {
            ByteBuffer page = ByteBuffer.allocate(pageSize);
            readCommitted(pgno, page);
            page.flip();
            int slot = store.add(page);
            if (slot >= sums.length) {
                sums = Arrays.copyOf(sums, Math.max(slot + 1, sums.length * 2));
            }
            sums[slot] = PageChecksum.of(pgno, page, 0, pageSize);
            if (kept == keys.length) {
                keys = Arrays.copyOf(keys, keys.length * 2 + 1);
            }
            keys[kept++] = Integer.toUnsignedLong(pgno) << 32 | slot;
        }
        Arrays.sort(keys, 0, kept);
        int[] pgnos = new int[kept];
        long[] checksums = new long[kept];
        int[] where = new int[kept];
        for (int i = 0; i < kept; i++) {
            pgnos[i] = (int) (keys[i] >>> 32);
            where[i] = (int) keys[i];
            checksums[i] = sums[where[i]];
        }
        return new SlotPages(store, pgnos, checksums, where);
    }

    /** Pages that the transaction did not write and that belong to it: reverted ones, and what the database gained (C8). */
    private int[] missing(BitSet own, int lockPage, int commit) {
        BitSet wanted = new BitSet();
        for (int pgno : reverted) {
            if (Integer.compareUnsigned(pgno, commit) <= 0) {
                wanted.set(pgno);
            }
        }
        int first = fullImage() ? 1 : state.commit + 1;
        if (Integer.compareUnsigned(first, commit) <= 0) {
            wanted.set(first, commit + 1);
        }
        wanted.andNot(own);
        wanted.clear(lockPage);
        return wanted.stream().toArray();
    }

    /** A page as a reader gets it: the newest captured frame, else the database file. */
    private void readCommitted(int pgno, ByteBuffer page) throws DiskException {
        int number = frames.lastFrame(pgno);
        SideFile file = wal;
        if (number > 0 && number <= captured && file != null) {
            file.read(WalLayout.frameOffset(number, pageSize) + WalLayout.FRAME_HEADER_SIZE, page);
        } else {
            state.file.readFully((Integer.toUnsignedLong(pgno) - 1) * pageSize, page);
        }
    }

    /** A3: the bytes of a refused write do not stay. */
    private static void unstore(SideFile file, long before, long offset, int length) throws DiskException {
        if (file.size() > before) {
            file.truncate(before);
        }
        if (offset < before) {
            file.clear(offset, Math.min(length, before - offset));
        }
    }

    // ---- going back

    /** The chain is valid up to a frame only; what was parsed behind it was overwritten. */
    private void giveUp(SideFile file, int last) throws DiskException {
        parsed = Math.max(captured, last);
        parsedChecksum = parsed == captured ? capturedChecksum : storedChecksum(file, parsed);
    }

    private long storedChecksum(SideFile file, int number) throws DiskException {
        ByteBuffer stored = ByteBuffer.allocate(Long.BYTES);
        file.read(WalLayout.frameOffset(number, pageSize) + WalLayout.FRAME_CHECKSUM, stored);
        return stored.getLong(0);
    }

    /** C3: a writer begins below what was captured: the commits from there on were never published. */
    private void overtaken(int number) throws DiskException {
        SideFile file = wal;
        int back = frames.commitBefore(number);
        if (file == null) {
            return;
        }
        for (int i = back + 1; i <= captured; i++) {
            reverted.add(frames.pgno(i));
        }
        LOG.info("a writer overtook one that had died: database={} frame={} captured={}", state.name, number, captured);
        goBack(file, back);
    }

    private void goBack(SideFile file, int back) throws DiskException {
        frames.truncate(back);
        captured = back;
        capturedChecksum = back == 0 ? headerChecksum : storedChecksum(file, back);
        if (back > 0) {
            ByteBuffer stored = ByteBuffer.allocate(Integer.BYTES);
            file.read(WalLayout.frameOffset(back, pageSize) + WalLayout.FRAME_COMMIT, stored);
            capturedCommit = stored.getInt(0);
        }
        parsed = back;
        parsedChecksum = capturedChecksum;
        freshHeaders.clear();
        freshPages.clear();
        closeSlots();
    }

    /** A new generation begins, or the WAL is gone. */
    private void restart() {
        for (long page : frames.pages()) {
            int pgno = (int) page;
            if (page <= Integer.toUnsignedLong(state.commit) && !frames.isBackfilled(pgno)) {
                reverted.add(pgno);
            }
        }
        headerValid = false;
        frames.clear();
        captured = 0;
        parsed = 0;
        published = 0;
        unknownEnd = 0;
        capturedLsn = 0;
        capturedBy = null;
        commitSizes.clear();
        undurable.clear();
        freshHeaders.clear();
        freshPages.clear();
        headerFrame = 0;
        assembledFrame = 0;
        syncedInFrame = false;
        pads = null;
        refusal = Errno.OK;
        closeSlots();
        database.walRestarted();
    }

    private void readHeader(SideFile file) throws DiskException {
        byte[] bytes = new byte[WalLayout.HEADER_SIZE];
        ByteBuffer header = ByteBuffer.wrap(bytes);
        if (file.size() < bytes.length) {
            return;
        }
        file.copy(0, bytes, 0, bytes.length);
        int magic = header.getInt(WalLayout.HEADER_MAGIC);
        bigEndian = (magic & 1) != 0;
        pageSize = header.getInt(WalLayout.HEADER_PAGE_SIZE);
        salts = header.getLong(WalLayout.HEADER_SALT);
        checkpointSequence = header.getInt(WalLayout.HEADER_CHECKPOINT_SEQUENCE);
        headerChecksum = header.getLong(WalLayout.HEADER_CHECKSUM);
        headerValid = (magic & ~1) == WalLayout.MAGIC
                && DatabaseHeader.isPageSize(pageSize)
                && WalLayout.checksum(0, bigEndian, bytes, 0, WalLayout.HEADER_CHECKSUM) == headerChecksum;
        capturedChecksum = headerChecksum;
        parsedChecksum = headerChecksum;
    }

    private void closeSlots() {
        if (slots != null) {
            slots.close();
            slots = null;
        }
    }

    // ---- truncate, sync, unlink

    int truncate(SideFile file, long size) throws DiskException {
        if (file == wal && isUnknown(size)) {
            return Errno.EIO;
        }
        file.truncate(size);
        if (file == wal) {
            if (size < WalLayout.HEADER_SIZE) {
                restart();
            } else if (headerValid) {
                int whole = (int) ((size - WalLayout.HEADER_SIZE) / (WalLayout.FRAME_HEADER_SIZE + pageSize));
                if (whole < captured) {
                    overtaken(whole + 1);
                } else if (whole < parsed) {
                    giveUp(file, whole);
                }
            }
        }
        return Errno.OK;
    }

    /** R18: a flush of the log up to what was captured; nothing of the WAL itself is ever synced. */
    int sync(SideFile file, Handle handle, Completion completion) {
        if (file != wal) {
            return Errno.OK;
        }
        if (freshHeaders.get(parsed + 1) || (headerFrame == parsed + 1 && headerBytes > 0)) {
            syncedInFrame = true;
        }
        long lsn = capturedLsn;
        if (captured == 0 || services.log().durableLsn() >= lsn) {
            return Errno.OK;
        }
        boolean committing = handle == capturedBy;
        database.flushThen(
                lsn,
                failure -> failure == null ? Errno.OK : syncFailed(file, lsn, committing, failure.errno(), completion),
                completion);
        return PENDING;
    }

    /** R8, F6: the commit that this sync belongs to is withdrawn before the error is answered. */
    private int syncFailed(SideFile file, long lsn, boolean committing, int errno, Completion completion)
            throws DiskException {
        if (services.log().durableLsn() >= lsn) {
            return Errno.OK;
        }
        if (!committing || lsn != capturedLsn || captured == 0 || captured <= published || !state.canUndo(lsn)) {
            return errno;
        }
        if (!services.log().reopen(lsn)) {
            // Another thread has saved the log meanwhile: the commit is durable, and may have been given away.
            return Errno.OK;
        }
        int back = frames.commitBefore(captured);
        long from = WalLayout.frameOffset(back + 1, pageSize);
        state.undo();
        capturedLsn = state.lastLsn;
        goBack(file, back);
        file.clear(from, file.size() - from);
        services.host().invalidateWal(database, from);
        database.changed();
        return database.abortThen(lsn, () -> {}, errno, completion);
    }

    /** unlink of the WAL: refused while captured commits are in it that no checkpoint has written back (A7). */
    boolean holdsWhatIsNotInTheFile() {
        for (long page : frames.pages()) {
            if (page <= Integer.toUnsignedLong(state.commit) && !frames.isBackfilled((int) page)) {
                return true;
            }
        }
        return false;
    }

    /** Whether SQLite takes a page from the WAL, whatever the file has there. */
    boolean hides(int pgno) {
        return frames.lastFrame(pgno) != 0;
    }

    /**
     * Whether the WAL lies over a file with this content: it will be read as long as a frame of it is not in the file, and
     * has every page that the content is too short for.
     */
    boolean covers(Overlay view) {
        if (state.wantsFull || !hasFrames() || !holdsWhatIsNotInTheFile()) {
            return false;
        }
        long commit = Integer.toUnsignedLong(state.commit);
        for (long page = view.size() / state.pageSize + 1; page <= commit; page++) {
            if (!hides((int) page)) {
                return false;
            }
        }
        return true;
    }

    void unlinked() {
        restart();
        wal = null;
    }

    // ---- the database file in WAL mode

    /** A checkpoint writes to the database file; {@link #FOREIGN} if it is none of the captured pages. */
    int checkpointWrite(long offset, ByteBuffer source) throws DiskException {
        int newest = versionOf(offset, source);
        if (newest < 0 && catchUp()) {
            newest = versionOf(offset, source);
        }
        if (newest < 0 && !harmless(offset, source)) {
            return FOREIGN;
        }
        // F3, R11: log before data, and no older page after a newer one.
        flushUpTo(newest);
        if (state.file.hasLayers()) {
            database.drain();
        }
        state.file.writeThrough(offset, source);
        return Errno.OK;
    }

    /** A checkpoint by the node itself, of everything; nobody uses the WAL, and there are no layers. */
    void writeBack() throws DiskException {
        SideFile file = wal;
        if (file == null) {
            return;
        }
        flushUpTo(captured);
        byte[] page = new byte[pageSize];
        for (long number : frames.pages()) {
            int pgno = (int) number;
            int last = frames.lastFrame(pgno);
            if (last == 0 || number > Integer.toUnsignedLong(capturedCommit)) {
                continue;
            }
            file.copy(WalLayout.frameOffset(last, pageSize) + WalLayout.FRAME_HEADER_SIZE, page, 0, pageSize);
            state.file.writeThrough((number - 1) * pageSize, ByteBuffer.wrap(page));
            frames.backfill(pgno, frames.checksum(last));
        }
        long size = Integer.toUnsignedLong(capturedCommit) * pageSize;
        if (state.file.viewSize() > size) {
            state.file.truncate(size);
        }
    }

    /** What a write holds of captured pages will be in the file, though it is held apart with what another program wrote. */
    void noteCheckpointed(long offset, ByteBuffer source) {
        versionOf(offset, source);
    }

    /** The newest captured frame among the pages that a write holds, all of them captured; -1 if one is not. */
    private int versionOf(long offset, ByteBuffer source) {
        if (offset % pageSize != 0 || source.remaining() % pageSize != 0) {
            return -1;
        }
        int newest = 0;
        for (int i = 0; i < source.remaining(); i += pageSize) {
            int pgno = (int) ((offset + i) / pageSize + 1);
            int version = frames.backfill(pgno, PageChecksum.of(pgno, source, source.position() + i, pageSize));
            if (version == 0) {
                return -1;
            }
            newest = Math.max(newest, version);
        }
        return newest;
    }

    /**
     * A checkpoint brings what was never captured, so a commit was missed: it is captured from what the WAL holds. That
     * is a defect of this class, and worth a line; but the commit was acknowledged.
     */
    private boolean catchUp() throws DiskException {
        SideFile file = wal;
        Handle writer = capturedBy;
        if (file == null || writer == null || refusal != Errno.OK) {
            return false;
        }
        int before = captured;
        int last = (int) ((file.size() - WalLayout.HEADER_SIZE) / (WalLayout.FRAME_HEADER_SIZE + pageSize));
        toReplicate = null;
        freshHeaders.set(captured + 1, Math.max(captured, last) + 1);
        freshPages.set(captured + 1, Math.max(captured, last) + 1);
        parsed = captured;
        parsedChecksum = capturedChecksum;
        assembledFrame = 0;
        int errno = advance(file, writer);
        toReplicate = null;
        if (captured > before) {
            LOG.error("captured commits late: database={} frames={} to {}", state.name, before + 1, captured);
        }
        return errno == Errno.OK && captured > before;
    }

    /** Bytes behind the committed size (SIZE_HINT), or the ones that are there already. */
    private boolean harmless(long offset, ByteBuffer source) throws DiskException {
        if (source.remaining() == 1 && source.get(source.position()) == 0 && offset >= state.commitBytes()) {
            return true;
        }
        ByteBuffer there = ByteBuffer.allocate(source.remaining());
        state.file.readFully(offset, there);
        return there.flip().equals(source);
    }

    /** A checkpoint cuts the database file to the size of a commit; or a SIZE_HINT grows it. */
    int checkpointTruncate(long size) throws DiskException {
        boolean known = size % pageSize == 0 && commitSizes.contains((int) (size / pageSize));
        if (!known && size < Math.max(state.commitBytes(), state.file.viewSize())) {
            return FOREIGN;
        }
        flushUpTo(captured);
        if (state.file.hasLayers()) {
            database.drain();
        }
        state.file.truncate(size);
        return Errno.OK;
    }

    /** Makes the record durable that holds a frame; nothing to do for none. */
    private void flushUpTo(int number) throws DiskException {
        if (number <= 0) {
            return;
        }
        pruneDurable();
        for (long[] commit : undurable) {
            if (commit[0] >= number) {
                services.log().flushAndWait(commit[1]);
                return;
            }
        }
    }

    private void pruneDurable() {
        long durable = services.log().durableLsn();
        while (!undurable.isEmpty() && undurable.peekFirst()[1] <= durable) {
            undurable.removeFirst();
        }
    }
}
