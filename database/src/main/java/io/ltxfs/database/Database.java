package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.LogRecord;
import io.ltxfs.database.log.PageSet;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.sqlite.DatabaseHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One SQLite database: its file, its side files, the capture of its commits. One lock owns all of it; it is held while
 * bytes are moved and records appended, never while anything is synced.
 */
public final class Database {
    static final int PENDING = -1;
    private static final Logger LOG = LoggerFactory.getLogger(Database.class);
    private static final int INLINE_BLOCKS = 64;
    private static final int LAYERS_MAX = 64;
    /** Polls that are left out after an adoption that failed. */
    private static final int ADOPT_SKIPS = 50;
    /** A larger file that was written without a journal is looked at in the background, not by the close of it. */
    private static final long ADOPT_AT_ONCE_BYTES = 16 << 20;

    /** Part of an operation, run with the lock; answers an errno, or {@link #PENDING} if it answers later itself. */
    @FunctionalInterface
    interface Step {
        int run() throws DiskException;
    }

    /** What follows a flush, run with the lock. */
    @FunctionalInterface
    interface FlushStep {
        int run(@Nullable DiskException failure) throws DiskException;
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition applyEnded = lock.newCondition();
    private final State state;
    private final Services services;
    private final DatabaseSet set;
    private final RollbackCapture rollback;
    private final WalCapture wal;
    private final MainFile file;

    private @Nullable SideFileAccess journalFile;
    private @Nullable SideFileAccess walFile;
    private @Nullable SqliteFile shmFile;
    private @Nullable Runnable after;
    private boolean applying;
    private boolean detached;
    /** Nobody had it open after its name was gone. */
    private boolean closed;

    private boolean applyQueued;
    private boolean dropped;
    private @Nullable Drop unfinishedDrop;
    private boolean dropUnknown;
    private boolean syncFailed;
    private boolean leftPlain;
    private String damage = "";
    private String applyFailure = "";
    private String adoptFailure = "";
    private volatile int adoptSkips;
    /** A question about its locks has no answer yet: no other is asked for the sake of what may be adopted. */
    private volatile boolean asking;

    private final TreeSet<Long> unsettled = new TreeSet<>();
    private int handles;
    /** Handles that are not the node's own. */
    private int users;

    private int writers;
    /** Everything up to this LSN was in the database file when the current WAL generation began. */
    private long walBase;

    private long watermark;

    Database(DatabaseSet set, Services services, State state, long watermark) {
        this.set = set;
        this.services = services;
        this.state = state;
        this.watermark = watermark;
        this.rollback = new RollbackCapture(this, state, services);
        this.wal = new WalCapture(this, state, services);
        this.file = new MainFile(this);
    }

    /** Its path below the mount, with {@code /} between names. */
    public String name() {
        return state.name;
    }

    /** The database file itself. */
    public SqliteFile file() {
        return file;
    }

    /** The rollback journal, if there is one. */
    public Optional<SqliteFile> journal() {
        return locked(() -> Optional.ofNullable(journalFile));
    }

    /** The WAL, if there is one. */
    public Optional<SqliteFile> wal() {
        return locked(() -> Optional.ofNullable(walFile));
    }

    /** The wal-index, if there is one. */
    public Optional<SqliteFile> shm() {
        return locked(() -> Optional.ofNullable(shmFile));
    }

    /** creat(2) of {@code X-journal}; there must be none. */
    public SqliteFile createJournal() {
        return locked(() -> {
            SideFile bytes = services.side().spilling();
            SideFileAccess created = SideFileAccess.journal(this, bytes, rollback);
            rollback.journalCreated(bytes);
            journalFile = created;
            return created;
        });
    }

    /** creat(2) of {@code X-wal}; there must be none. */
    public SqliteFile createWal() {
        return locked(() -> {
            SideFile bytes = services.side().spilling();
            SideFileAccess created = SideFileAccess.wal(this, bytes, wal);
            wal.created(bytes);
            walFile = created;
            return created;
        });
    }

    /** creat(2) of {@code X-shm}; there must be none. */
    public SqliteFile createShm() {
        return locked(() -> {
            SqliteFile created = new UncapturedFile(services.side().memory());
            shmFile = created;
            return created;
        });
    }

    /**
     * unlink(2) of {@code X-journal}: the commit point in DELETE mode. The name is gone when it completes with 0.
     *
     * @param pid the thread id of the caller, 0 if it is not known
     */
    public void unlinkJournal(int pid, Completion completion) {
        Handle caller = new Handle(true, false, pid);
        run(() -> rollback.journalUnlink(caller, this::journalGone, completion), completion);
    }

    /** unlink(2) of {@code X-wal}. */
    public void unlinkWal(Completion completion) {
        run(
                () -> {
                    if (wal.hasFrames() && wal.holdsWhatIsNotInTheFile()) {
                        LOG.warn(
                                "refused to remove a WAL: database={} reason=\"it holds commits that no checkpoint has"
                                        + " written back\"",
                                state.name);
                        return Errno.EBUSY;
                    }
                    wal.unlinked();
                    walGone();
                    return Errno.OK;
                },
                completion);
    }

    private void journalGone() {
        if (journalFile != null) {
            journalFile.unlinked();
            journalFile = null;
        }
    }

    private void walGone() {
        if (walFile != null) {
            walFile.unlinked();
            walFile = null;
        }
    }

    /** unlink(2) of {@code X-shm}. */
    public void unlinkShm(Completion completion) {
        run(
                () -> {
                    shmFile = null;
                    return Errno.OK;
                },
                completion);
    }

    /**
     * Undoes {@link #createJournal}, {@link #createWal} or {@link #createShm} of a file whose name nobody has seen. What was
     * committed by writing it stays committed, and is brought to the database file. Blocks on the disk.
     */
    public void takeBack(SqliteFile side) {
        boolean wroteBack = false;
        lock.lock();
        try {
            if (side == walFile) {
                wroteBack = wal.hasFrames() && !dropped;
                if (wroteBack) {
                    drain();
                    wal.writeBack();
                }
            } else if (side == journalFile) {
                rollback.journalTakenBack();
                journalGone();
            } else if (side == shmFile) {
                shmFile = null;
            } else if (side instanceof SideFileAccess other) {
                other.unlinked();
            }
        } catch (DiskException e) {
            LOG.warn(
                    "could not write back what was committed by way of a WAL that is gone; the next transaction undoes"
                            + " it: database={} error=\"{}\"",
                    state.name,
                    e.getMessage());
        } finally {
            if (side == walFile) {
                wal.unlinked();
                walGone();
            }
            lock.unlock();
        }
        if (wroteBack) {
            services.host().invalidate(this, 0, 0);
        }
    }

    /** The owner and permission bits, which travel with every transaction; call it after each change. */
    public void setAttributes(int uid, int gid, int mode) {
        locked(() -> {
            state.uid = uid;
            state.gid = gid;
            state.mode = mode;
            return mode;
        });
    }

    /** The last transaction whose COMMIT has returned. */
    public Position position() {
        return state.position;
    }

    /** What {@code status} shows. */
    public DatabaseStatus status() {
        return locked(() -> {
            List<String> warnings = new ArrayList<>();
            if (!damage.isEmpty()) {
                warnings.add(damage);
            }
            if (!applyFailure.isEmpty()) {
                warnings.add("committed pages wait in the log: " + applyFailure);
            }
            if (!unsettled.isEmpty()) {
                warnings.add("takes no writes: an abort could not be made durable in the log; it is tried again");
            }
            if (services.backlog().refusesWrites()) {
                warnings.add(services.backlog().warning());
            }
            if (dropUnknown) {
                warnings.add("is neither there nor gone: its removal could not be made durable; remove it again");
            }
            if (syncFailed) {
                warnings.add("its file could not be synced: the log is kept, and a restart brings it to the file");
            }
            if (!adoptFailure.isEmpty() && rollback.unjournaled()) {
                warnings.add("what was written without a journal is in no transaction: " + adoptFailure);
            } else if (rollback.unjournaled()) {
                warnings.add("is being written without a journal: what changed becomes one transaction when the writer"
                        + " has finished");
            }
            return new DatabaseStatus(
                    state.name,
                    state.position,
                    state.pageSize,
                    Integer.toUnsignedLong(state.commit),
                    journalMode(),
                    services.log().firstTxid(state.name),
                    !damage.isEmpty() ? "quarantined" : rollback.unjournaled() ? "unjournaled" : "ok",
                    warnings);
        });
    }

    private String journalMode() {
        if (walFile != null) {
            return "wal";
        }
        ByteBuffer header = ByteBuffer.allocate(DatabaseHeader.SIZE);
        try {
            state.file.readFully(0, header);
        } catch (DiskException e) {
            return "unknown";
        }
        if (DatabaseHeader.hasMagic(header.flip(), 0) && DatabaseHeader.isWal(header)) {
            return "wal";
        }
        return rollback.journalMode();
    }

    /** Up to where the WAL's commits are captured (rule C3); absent if there is no WAL or nothing in it. */
    public Optional<WalTail> walTail() {
        return locked(wal::tail);
    }

    /** The died writer's commits were published in the wal-index up to this frame. */
    public void walPublished(int mxFrame) {
        locked(() -> {
            wal.published(mxFrame);
            return mxFrame;
        });
    }

    /** Whether the database file says that connections keep a WAL. */
    public boolean isWal() throws DiskException {
        lock.lock();
        try {
            ByteBuffer header = ByteBuffer.allocate(DatabaseHeader.SIZE);
            state.file.readFully(0, header);
            return DatabaseHeader.hasMagic(header.flip(), 0) && DatabaseHeader.isWal(header);
        } finally {
            lock.unlock();
        }
    }

    /** Bytes of a page; 0 if that is not known yet. */
    public int pageSize() {
        return locked(() -> state.pageSize);
    }

    /** Whether a transaction with a journal runs, or was left by a writer that died: what it wrote is what readers get. */
    public boolean isInTransaction() {
        return locked(() -> rollback.journalActive() || rollback.running() != null);
    }

    /**
     * Brings what the WAL holds to the database file and ends the WAL, with the wal-index. Nobody may use them: the
     * caller holds EXCLUSIVE, or the handles of all others are invalid. Their names are the mount's affair.
     */
    public void endWal() throws DiskException {
        lock.lock();
        try {
            if (dropped) {
                return;
            }
            if (wal.hasFrames()) {
                drain();
                wal.writeBack();
            }
            wal.unlinked();
            walGone();
            shmFile = null;
        } finally {
            lock.unlock();
        }
        services.host().invalidate(this, 0, 0);
    }

    /**
     * The end of what was captured of a WAL, in the terms of the wal-index header.
     *
     * @param mxFrame the last captured commit's frame, 1 or more
     * @param pageSize in bytes
     * @param commit database size in pages
     * @param salt1 of the WAL header
     * @param salt2 of the WAL header
     * @param checksum1 running frame checksum after {@code mxFrame}, first half
     * @param checksum2 second half
     * @param bigEndianChecksums whether the WAL's magic says big-endian checksums
     * @param checkpointSequence of the WAL header
     * @param framePages page numbers of frames 1 to {@code mxFrame}
     */
    public record WalTail(
            int mxFrame,
            int pageSize,
            int commit,
            int salt1,
            int salt2,
            int checksum1,
            int checksum2,
            boolean bigEndianChecksums,
            int checkpointSequence,
            int[] framePages) {}

    /** Warnings for {@code status}, the newest state of each. */
    public List<String> warnings() {
        return status().warnings();
    }

    // ---- how operations run

    /** Runs a step with the lock, then what it left to do without it, then answers unless it is pending. */
    void run(Step step, Completion completion) {
        runEvenDamaged(() -> dropUnknown || !damage.isEmpty() && !dropped ? Errno.EIO : step.run(), completion);
    }

    /** {@link #run}, for a quarantined database too: it may be removed. */
    void runEvenDamaged(Step step, Completion completion) {
        int errno;
        Runnable rest;
        lock.lock();
        try {
            errno = step.run();
        } catch (DiskException e) {
            errno = e.errno();
            LOG.warn("failed: database={} errno={} error=\"{}\"", state.name, errno, e.getMessage());
        } catch (RuntimeException e) { // who waits must hear, also where a flush goes on with this
            errno = Errno.EIO;
            LOG.error("failed unexpectedly: database={}", state.name, e);
        } finally {
            rest = after;
            after = null;
            lock.unlock();
        }
        if (rest != null) {
            rest.run();
        }
        if (errno != PENDING) {
            completion.done(errno);
        }
    }

    /** Leaves something to do once the lock is given back: at most one thing an operation. */
    void afterUnlock(Runnable rest) {
        Runnable before = after;
        after = before == null
                ? rest
                : () -> {
                    before.run();
                    rest.run();
                };
    }

    /** Flushes the log without the lock, then runs a step with it and answers; the caller returns {@link #PENDING}. */
    void flushThen(long lsn, FlushStep step, Completion completion) {
        afterUnlock(() -> services.log().flush(lsn, failure -> run(() -> step.run(failure), completion)));
    }

    /** What follows the wait for others, run with the lock. */
    @FunctionalInterface
    interface ReplicatedStep {
        /** @param errno 0, or the one to answer with: the outcome is not known, and the transaction stays */
        int run(int errno) throws DiskException;
    }

    /** Whether a commit of this database is answered only when others have it. */
    boolean waits() {
        return services.host().waits(state.name);
    }

    /**
     * Makes a decided transaction durable and waits, without the lock, until others have it; then runs a step and answers.
     * The caller returns {@link #PENDING}.
     *
     * @param lsn of the record that decides
     */
    int replicatedThen(TransactionHeader header, long lsn, ReplicatedStep step, Completion completion) {
        flushThen(
                lsn,
                failure -> failure != null ? step.run(failure.errno()) : awaitOthers(header, lsn, step, completion),
                completion);
        return PENDING;
    }

    /** {@link #replicatedThen} for one that is durable. */
    int awaitOthers(TransactionHeader header, long lsn, ReplicatedStep step, Completion completion) {
        afterUnlock(() ->
                services.host().awaitReplication(this, header, lsn, errno -> run(() -> step.run(errno), completion)));
        return PENDING;
    }

    /** Runs several calls as one: no other comes between them. */
    public <T extends @Nullable Object> T inOneStep(java.util.function.Supplier<T> calls) {
        return locked(calls);
    }

    <T extends @Nullable Object> T locked(java.util.function.Supplier<T> body) {
        lock.lock();
        try {
            return body.get();
        } finally {
            lock.unlock();
        }
    }

    void lock() {
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    State state() {
        return state;
    }

    RollbackCapture rollback() {
        return rollback;
    }

    WalCapture walCapture() {
        return wal;
    }

    boolean isDropped() {
        return dropped;
    }

    /**
     * The drop of a database, on its way.
     *
     * @param lsn of its record
     */
    record Drop(TransactionHeader header, long lsn) {}

    /** The drop that is in the log, while the name is not gone for good; null if there is none. Called with the lock held. */
    @Nullable
    Drop unfinishedDrop() {
        return unfinishedDrop;
    }

    /** Its drop is in the log. As long as its name is there it can be opened: the file stays open. Called with the lock held. */
    void beginDrop(Drop drop) {
        unfinishedDrop = drop;
        handles++;
        abandon();
        detach();
    }

    /** @param unknown whether the drop may be undone by a restart: whoever goes on is refused. Called with the lock held */
    void dropUnknown(boolean unknown) {
        dropUnknown = unknown;
    }

    /** The name is gone for good. Called with the lock held. */
    void endDrop() {
        if (unfinishedDrop != null) {
            unfinishedDrop = null;
            handles--;
            closeIfGone();
        }
    }

    private void closeIfGone() {
        if (detached && handles == 0) {
            closed = true;
            state.file.close();
        }
    }

    // ---- deciding

    /** 0 if a transaction may be committed now, else the errno to refuse it with. */
    int mayWrite() {
        if (set.arrivals().hasWaiting(state.name)) {
            return Errno.EIO;
        }
        if (!unsettled.isEmpty() || !damage.isEmpty()) {
            return Errno.EIO;
        }
        return services.host().mayCommit();
    }

    /** {@link #mayWrite} for a transaction of which nothing is in the log yet. */
    int mayBegin() {
        return services.backlog().refusesWrites() ? Errno.ENOSPC : mayWrite();
    }

    boolean hasUnsettled() {
        return !unsettled.isEmpty();
    }

    boolean knowsSuperJournal(String baseName) {
        return set.knowsSuperJournal(baseName);
    }

    /**
     * Makes the abort of a record durable, then runs the rest and answers (R8). If it cannot be, the database takes no
     * more writes until it is settled, and the answer is an error.
     */
    int abortThen(long lsn, Runnable rest, int errno, Completion completion) {
        long mark;
        try {
            mark = services.log().append(new LogRecord.Abort(lsn));
        } catch (DiskException e) {
            return unsettled(lsn, errno, e);
        }
        flushThen(
                mark,
                failure -> {
                    if (failure != null) {
                        return unsettled(lsn, errno, failure);
                    }
                    rest.run();
                    return errno;
                },
                completion);
        return PENDING;
    }

    /** {@link #abortThen}, waited for with the lock held: for the rare case in the middle of a write. */
    void abortNow(long lsn) {
        try {
            services.log().flushAndWait(services.log().append(new LogRecord.Abort(lsn)));
        } catch (DiskException e) {
            unsettled(lsn, Errno.EIO, e);
        }
    }

    void markUnsettled(long lsn, DiskException cause) {
        unsettled(lsn, Errno.EIO, cause);
    }

    /**
     * A sync of the file or its checksums failed: the kernel may have dropped what was not written, so the log from the
     * old watermark on stays needed until the node has redone it (R12).
     */
    private void fileSyncFailed() {
        locked(() -> syncFailed = true);
    }

    private int unsettled(long lsn, int errno, DiskException cause) {
        unsettled.add(lsn);
        set.wantsMaintenance();
        LOG.error(
                "could not make an abort durable, takes no writes until it is: database={} lsn={} error=\"{}\"",
                state.name,
                lsn,
                cause.getMessage());
        return errno == Errno.OK ? Errno.EIO : errno;
    }

    /** The page checksums could not be read or set: the next transaction is a full image. */
    void checksumsLost(TransactionHeader header, long lsn, DiskException cause) {
        LOG.error("lost the page checksums: database={} error=\"{}\"", state.name, cause.getMessage());
        state.moved(header, lsn);
        state.wantsFull = true;
    }

    void changed() {
        set.changed();
    }

    void walBegan() {
        walBase = state.file.hasLayers() ? state.file.oldestLsn() - 1 : state.lastLsn;
    }

    void walRestarted() {
        if (!wal.hasReverted()) {
            walBase = state.lastLsn;
        }
    }

    void quarantine(String reason) {
        lock.lock();
        try {
            damage = reason;
        } finally {
            lock.unlock();
        }
        LOG.error("quarantined: database={} reason=\"{}\"", state.name, reason);
    }

    // ---- the file behind

    /** Writes the oldest layer at once, with the lock held. */
    void applyOneNow() {
        CommittedFile.Layer layer = state.file.oldest();
        if (layer == null || applying) {
            return;
        }
        try {
            state.file.applyOldest(layer);
            state.file.applied(layer);
            applyFailure = "";
        } catch (DiskException e) {
            applyFailed(e);
        }
    }

    /** A committed transaction's pages go to the file as soon as they may (R10). Called with the lock held. */
    void push(Overlay view, long lsn) {
        state.file.push(view, lsn);
        if (state.file.oldestLsn() == lsn
                && services.log().durableLsn() >= lsn
                && state.file.oldestBlocks() <= INLINE_BLOCKS) {
            applyOneNow();
        } else if (state.file.layerCount() > LAYERS_MAX) {
            tryDrain();
        } else {
            applySoon();
        }
    }

    void applySoon() {
        if (!applyQueued) {
            applyQueued = true;
            afterUnlock(() -> services.host().background(this::applyLayers));
        }
    }

    /** Makes the log durable and brings all committed pages into the file, with the lock held (R11). */
    void drain() throws DiskException {
        while (applying) {
            applyEnded.awaitUninterruptibly();
        }
        long newest = state.file.newestLsn();
        if (newest != 0 && services.log().durableLsn() < newest) {
            services.log().flushAndWait(newest);
        }
        for (CommittedFile.Layer layer = state.file.oldest(); layer != null; layer = state.file.oldest()) {
            state.file.applyOldest(layer);
            state.file.applied(layer);
        }
        applyFailure = "";
    }

    /** {@link #drain}, where it is not needed: a failure leaves the pages where they are. */
    void tryDrain() {
        try {
            drain();
        } catch (DiskException e) {
            applyFailed(e);
        }
    }

    /** Brings all layers into the file; the writing itself goes on without the lock. */
    void applyLayers() {
        lock.lock();
        try {
            applyQueued = false;
            long newest = state.file.newestLsn();
            if (newest == 0 || applying || dropped) {
                return;
            }
            applying = true;
            lock.unlock();
            try {
                services.log().flushAndWait(newest);
            } finally {
                lock.lock();
            }
            for (CommittedFile.Layer layer = state.file.oldest();
                    layer != null && layer.lsn <= services.log().durableLsn();
                    layer = state.file.oldest()) {
                if (layer.overlay.slots().count() <= INLINE_BLOCKS) {
                    state.file.applyOldest(layer);
                } else {
                    lock.unlock();
                    try {
                        state.file.applyOldest(layer);
                    } finally {
                        lock.lock();
                    }
                }
                state.file.applied(layer);
            }
            applyFailure = "";
        } catch (DiskException e) {
            applyFailed(e);
        } finally {
            applying = false;
            applyEnded.signalAll();
            lock.unlock();
        }
    }

    private void applyFailed(DiskException e) {
        if (applyFailure.isEmpty()) {
            LOG.warn(
                    "could not write committed pages to the file, tries again: database={} error=\"{}\"",
                    state.name,
                    e.getMessage());
        }
        applyFailure = e.getMessage();
        set.wantsMaintenance();
    }

    // ---- what comes from another node

    /**
     * Gives up what an application has left open: a transaction that is not committed, a hot journal, frames behind the last
     * commit of the WAL. For a node that takes part as a replica from now on: call it while holding SQLite's write lock, so
     * that nobody is in the middle of anything. Blocks on the disk.
     */
    public void giveUp() throws DiskException {
        withLock(() -> {
            if (!dropped) {
                rollback.giveUp();
                wal.giveUp();
            }
        });
    }

    /** The last transaction, if there is one. */
    Optional<TransactionHeader> lastTransaction() {
        return locked(() -> state.lastLsn == 0 || dropped ? Optional.empty() : Optional.of(state.lastHeader()));
    }

    /** The checksum of a page at the position; 0 if there is none. */
    long pageChecksum(int pgno) throws DiskException {
        lock.lock();
        try {
            if (state.wantsFull) {
                throw new DiskException(Errno.EIO, state.name + ": its page checksums are lost; start the node again");
            }
            return state.sums.get(pgno);
        } finally {
            lock.unlock();
        }
    }

    /** What is prepared and not decided is withdrawn, durably: another node's transaction takes its place. */
    void withdrawPrepared() throws DiskException {
        long[] abort = {0};
        withLock(() -> abort[0] = rollback.withdrawPrepared());
        if (abort[0] != 0) {
            services.log().flushAndWait(abort[0]);
        }
    }

    /** Something that may fail, run with the lock, and what it leaves to do without it. */
    @FunctionalInterface
    interface Action {
        void run() throws DiskException;
    }

    private void withLock(Action action) throws DiskException {
        Runnable rest;
        lock.lock();
        try {
            action.run();
        } finally {
            rest = after;
            after = null;
            lock.unlock();
        }
        if (rest != null) {
            rest.run();
        }
    }

    /**
     * Brings a transaction of another node to the file. Nobody reads it meanwhile, and nothing of the WAL is missing in
     * it.
     *
     * @param pages belong to the database from here on
     */
    void applyReceived(TransactionHeader header, long lsn, SlotPages pages) throws DiskException {
        withLock(() -> {
            boolean whole = header.image() == TransactionHeader.Image.FULL || header.commit() == 0;
            if (!damage.isEmpty() && !whole) {
                throw new DiskException(Errno.EIO, state.name + " is quarantined: " + damage);
            }
            if (wal.hasFrames()) {
                throw new DiskException(Errno.EBUSY, state.name + ": its WAL is not checkpointed and removed yet");
            }
            rollback.giveUp();
            long size = Integer.toUnsignedLong(header.commit()) * header.pageSize();
            SlotPages all = wal.withReverted(header, pages);
            Overlay view = Overlay.of(state.file.beneath(), all, state.file.viewSize(), size);
            TransactionHeader before = state.lastHeader();
            try {
                state.committed(header, pages, lsn, false);
            } catch (DiskException e) {
                checksumsLost(header, lsn, e);
            }
            wal.forgetReverted();
            push(view, lsn);
            if (!damage.isEmpty()) {
                LOG.info("a whole image took the place of what was damaged: database={}", state.name);
                damage = "";
            }
            changed();
            invalidate(header, pages, before);
        });
    }

    private void invalidate(TransactionHeader header, PageSet pages, TransactionHeader before) {
        Host host = services.host();
        int pageSize = header.pageSize();
        if (pageSize != before.pageSize() || header.image() == TransactionHeader.Image.FULL) {
            host.invalidate(this, 0, 0);
            return;
        }
        for (int i = 0; i < pages.count(); ) {
            int first = pages.pgno(i);
            int run = 1;
            while (i + run < pages.count() && pages.pgno(i + run) == first + run) {
                run++;
            }
            host.invalidate(this, (Integer.toUnsignedLong(first) - 1) * pageSize, (long) run * pageSize);
            i += run;
        }
        if (Integer.compareUnsigned(header.commit(), before.commit()) < 0) {
            host.invalidate(this, Integer.toUnsignedLong(header.commit()) * pageSize, 0);
        }
    }

    /** The file's owner becomes the one that the host wants for a transaction of another node. */
    void takeOwner(TransactionHeader header) {
        FileOwner owner = services.host().ownerOf(header);
        boolean same = locked(() -> new FileOwner(state.uid, state.gid, state.mode).equals(owner));
        if (same) {
            return;
        }
        try {
            services.disk().setAttributes(DatabaseSet.path(state.name), owner.uid(), owner.gid(), owner.mode());
        } catch (DiskException e) {
            LOG.warn(
                    "could not set the owner of a database: database={} uid={} gid={} error=\"{}\"",
                    state.name,
                    owner.uid(),
                    owner.gid(),
                    e.getMessage());
        }
        setAttributes(owner.uid(), owner.gid(), owner.mode());
        services.host().attributesChanged(this);
    }

    /** See {@link io.ltxfs.database.receive.Receiver#expectFrames}. */
    void expectFrames(TransactionHeader header, long lsn, int[] pgnos, long[] checksums) throws DiskException {
        withLock(() -> {
            if (!damage.isEmpty() || dropped) {
                throw new DiskException(Errno.EIO, state.name + " is quarantined or dropped: " + damage);
            }
            if (rollback.running() != null || rollback.journalActive()) {
                throw new DiskException(
                        Errno.EBUSY, state.name + ": a transaction of an application is open in rollback mode");
            }
            wal.expect(new WalCapture.Expected(header, lsn, pgnos, checksums));
        });
    }

    /** Frames are not expected any more. @return whether the transaction with this LSN is applied */
    boolean framesWritten(long lsn) {
        return locked(() -> {
            wal.expectNothing();
            return state.lastLsn >= lsn;
        });
    }

    // ---- handles

    void opened(Handle handle) {
        locked(() -> {
            handles++;
            users += handle.own() ? 0 : 1;
            writers += handle.writable() && !handle.own() ? 1 : 0;
            return handles;
        });
    }

    void released(Handle handle) {
        boolean adopt = locked(() -> {
            rollback.released(handle);
            handles--;
            users -= handle.own() ? 0 : 1;
            writers -= handle.writable() && !handle.own() ? 1 : 0;
            closeIfGone();
            return writers == 0 && rollback.unjournaled();
        });
        if (adopt) {
            if (file().size() <= ADOPT_AT_ONCE_BYTES) {
                adoptIfFree();
            } else {
                services.host().background(this::adoptIfFree);
            }
        }
    }

    void walHandleReleased(Handle handle) {
        if (locked(() -> wal.mayHaveDied(handle))) {
            services.host().checkDiedWriter(this);
        }
    }

    void unjournaledBegan() {
        set.watchUnjournaled(this);
    }

    /** One look at a database that is written without a journal; true when that is over. */
    boolean pollUnjournaled() {
        boolean[] state = locked(() -> new boolean[] {rollback.unjournaled(), writers == 0});
        if (!state[0] || dropped) {
            return true;
        }
        if (asking) {
            return false;
        }
        if (adoptSkips > 0) {
            adoptSkips--;
            return false;
        }
        if (state[1]) {
            adoptIfFree();
        } else {
            asking = true;
            services.host().probeWriteLock(this, held -> {
                asking = false;
                if (held == Host.WriteLock.HELD) {
                    lock.lock();
                    rollback.sawWriteLock();
                    lock.unlock();
                } else if (held == Host.WriteLock.FREE && locked(rollback::writeLockSeen)) {
                    adoptIfFree();
                }
            });
        }
        return false;
    }

    /**
     * Takes what was written without a journal as a transaction. When no application has the file open nobody can be in
     * the middle of anything.
     */
    private void adoptIfFree() {
        if (adoptIf(() -> users == 0)) {
            return;
        }
        if (locked(() -> walFile != null || shmFile != null)) {
            // What a checkpoint writes is none of this, and its lock is another.
            asking = true;
            services.host().withExclusiveLock(this, held -> {
                asking = false;
                adoptIf(() -> held);
            });
        } else {
            adoptBetweenWrites();
        }
    }

    /**
     * Takes no lock, which would be in the way of a connection that does not wait for one: if nobody held the write lock
     * at a moment since which nothing was written, the content is what it was at that moment.
     */
    private void adoptBetweenWrites() {
        long before = locked(rollback::writes);
        asking = true;
        services.host().probeWriteLock(this, held -> {
            asking = false;
            adoptIf(() -> held == Host.WriteLock.FREE && rollback.writes() == before);
        });
    }

    /** @param condition asked with the lock held. @return what it said */
    private boolean adoptIf(BooleanSupplier condition) {
        boolean[] may = {false};
        run(
                () -> {
                    may[0] = condition.getAsBoolean();
                    if (may[0]) {
                        commitUnjournaled();
                    }
                    return Errno.OK;
                },
                errno -> {});
        return may[0];
    }

    private void commitUnjournaled() {
        if (dropped || !rollback.unjournaled() || rollback.journalActive()) {
            return;
        }
        try {
            rollback.commitUnjournaled();
            adoptFailure = "";
        } catch (DiskException e) {
            if (!e.getMessage().equals(adoptFailure)) {
                LOG.warn("could not adopt, tries again: database={} error=\"{}\"", state.name, e.getMessage());
            }
            adoptFailure = e.getMessage();
            adoptSkips = ADOPT_SKIPS;
        }
    }

    // ---- maintenance

    /** Tries again what could not be done, and moves the watermark; returns false if nothing is left to do. */
    void maintain() {
        settle();
        if (locked(() -> state.file.hasLayers() && !applyQueued)) {
            applyLayers();
        }
    }

    private void settle() {
        lock.lock();
        try {
            while (!unsettled.isEmpty()) {
                long lsn = unsettled.first();
                services.log().flushAndWait(services.log().append(new LogRecord.Abort(lsn)));
                unsettled.remove(lsn);
                LOG.info("settled an abort: database={} lsn={}", state.name, lsn);
            }
        } catch (DiskException e) {
            LOG.debug("could not settle an abort yet: database={} error=\"{}\"", state.name, e.getMessage());
        } finally {
            lock.unlock();
        }
    }

    /** Up to here everything is in the backing file, synced or not (R12). */
    private long inFile() {
        if (wal.hasFrames() || wal.hasReverted()) {
            return walBase;
        }
        return state.file.hasLayers() ? Math.min(state.file.oldestLsn() - 1, state.lastLsn) : state.lastLsn;
    }

    /** The LSN that the log must be kept after for this database's sake. */
    long watermark() {
        return locked(
                () -> state.lastLsn == 0 ? Long.MAX_VALUE : watermark >= state.lastLsn ? Long.MAX_VALUE : watermark);
    }

    /** Whether the file is behind what the watermark could be. */
    boolean wantsWatermark() {
        return locked(() -> !dropped && !syncFailed && damage.isEmpty() && inFile() > watermark);
    }

    /** Syncs file and checksums and moves the watermark to what was in them when the sync began (R12). */
    void moveWatermark() throws DiskException {
        long position;
        lock.lock();
        try {
            if (dropped || syncFailed) {
                return;
            }
            position = inFile();
            if (position <= watermark) {
                return;
            }
            state.sums.write();
        } finally {
            lock.unlock();
        }
        try {
            state.sums.sync();
            state.file.backing().sync();
        } catch (DiskException e) {
            if (locked(() -> dropped)) {
                return; // and closed meanwhile
            }
            fileSyncFailed();
            throw e;
        }
        set.syncParent(state.name);
        services.log().append(new LogRecord.Watermark(state.name, position));
        lock.lock();
        try {
            watermark = Math.max(watermark, position);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Where a copy of the file begins.
     *
     * @param header the last transaction's
     * @param lastLsn of its record
     * @param watermark up to this LSN the file has everything
     */
    record Frontier(TransactionHeader header, long lastLsn, long watermark) {}

    /** From here on, what is overwritten in the backing file goes to the saver first. */
    Frontier beginCopy(CommittedFile.PageSaver saver) {
        return locked(() -> {
            state.file.addSaver(saver);
            return new Frontier(state.lastHeader(), state.lastLsn, Math.min(watermark, inFile()));
        });
    }

    // ---- the end

    /** The file is unlinked: its transaction, if one runs, is over. Called with the lock held. */
    void abandon() {
        rollback.abandon();
        if (walFile != null) {
            wal.unlinked();
        }
    }

    /** Nothing is captured any more; handles stay usable. Called with the lock held. */
    void detach() {
        dropped = true;
        damage = "";
        try {
            // By way of the log (R10): until the drop is durable, recovery may still find the file under its name.
            drain();
        } catch (DiskException e) {
            LOG.warn(
                    "could not complete an unlinked database's file: database={} error=\"{}\"",
                    state.name,
                    e.getMessage());
        }
        state.sums.close();
        // Until here the lock may have been given up for what still writes to the file.
        detached = true;
        closeIfGone();
    }

    void close() throws DiskException {
        lock.lock();
        try {
            if (!dropped) {
                if (rollback.unjournaled() && damage.isEmpty()) {
                    try {
                        rollback.commitUnjournaled();
                    } catch (NotADatabaseException e) {
                        leavePlain();
                    } catch (DiskException e) {
                        if (mayBegin() == Errno.OK) {
                            throw e;
                        }
                        LOG.warn("left out what was written without a journal: {}", e.getMessage());
                    }
                }
                drain();
            }
        } finally {
            lock.unlock();
        }
        if (!dropped && damage.isEmpty() && !leftPlain) {
            moveWatermark();
            if (state.position.txid() != 0 && !syncFailed) {
                Stamp.of(state.position, state.file.backing())
                        .write(services.disk(), DatabaseSet.stampPath(state.name));
            }
        }
        lock.lock();
        try {
            if (!dropped) {
                state.sums.close();
                state.file.close();
                dropped = true;
            }
        } finally {
            lock.unlock();
        }
    }

    /** The file holds something else than a database: the database is dropped, the file stays, a plain one. */
    private void leavePlain() throws DiskException {
        LOG.warn("left a file that is no database any more: database={}", state.name);
        leftPlain = true;
        if (state.position.txid() != 0) {
            set.logDrop(state);
        }
        rollback.leavePlain();
    }

    // ---- the database file

    private static final class MainFile implements SqliteFile {
        private final Database database;

        MainFile(Database database) {
            this.database = database;
        }

        @Override
        public long size() {
            return database.locked(() -> {
                Overlay running = database.rollback.running();
                return running != null ? running.size() : database.state.file.viewSize();
            });
        }

        @Override
        public int read(long offset, ByteBuffer target) throws DiskException {
            database.lock.lock();
            try {
                if (!database.damage.isEmpty() && !database.dropped) {
                    throw new DiskException(Errno.EIO, database.name() + " is quarantined: " + database.damage);
                }
                Overlay running = database.rollback.running();
                long size = running != null ? running.size() : database.state.file.viewSize();
                if (offset >= size) {
                    return 0;
                }
                int limit = target.limit();
                int length = (int) Math.min(target.remaining(), size - offset);
                target.limit(target.position() + length);
                if (running != null) {
                    running.readFully(offset, target);
                } else {
                    database.state.file.readFully(offset, target);
                }
                target.limit(limit);
                return length;
            } finally {
                database.lock.unlock();
            }
        }

        @Override
        public void write(Handle handle, long offset, ByteBuffer source, Completion completion) {
            database.run(
                    () -> {
                        if (database.dropped) {
                            database.state.file.writeThrough(offset, source);
                            return Errno.OK;
                        }
                        int errno = database.checkpoints()
                                ? database.wal.checkpointWrite(offset, source)
                                : WalCapture.FOREIGN;
                        if (errno != WalCapture.FOREIGN) {
                            return errno;
                        }
                        if (database.wal.hasFrames() && !database.rollback.journalActive()) {
                            database.wal.noteCheckpointed(offset, source);
                        }
                        return database.rollback.write(handle, offset, source, completion);
                    },
                    completion);
        }

        @Override
        public void truncate(Handle handle, long size, Completion completion) {
            database.run(
                    () -> {
                        if (database.dropped) {
                            database.state.file.truncate(size);
                            return Errno.OK;
                        }
                        int errno = database.checkpoints() ? database.wal.checkpointTruncate(size) : WalCapture.FOREIGN;
                        return errno == WalCapture.FOREIGN ? database.rollback.truncate(handle, size) : errno;
                    },
                    completion);
        }

        @Override
        public void sync(Handle handle, Completion completion) {
            database.run(
                    () -> database.dropped || database.checkpoints()
                            ? Errno.OK
                            : database.rollback.sync(handle, completion),
                    completion);
        }

        @Override
        public void opened(Handle handle) {
            database.opened(handle);
        }

        @Override
        public boolean isGone() {
            return database.locked(() -> database.closed);
        }

        @Override
        public void released(Handle handle) {
            database.released(handle);
        }
    }

    /** Whether a transaction runs, or the WAL holds what is not in the file: no time to rename it. */
    boolean isBusy() {
        return rollback.running() != null || (wal.hasFrames() && wal.holdsWhatIsNotInTheFile());
    }

    private boolean checkpoints() {
        return wal.hasFrames() && !rollback.journalActive() && !rollback.unjournaled();
    }
}
