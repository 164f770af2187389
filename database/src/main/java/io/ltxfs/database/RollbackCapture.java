package io.ltxfs.database;

import static io.ltxfs.database.Database.PENDING;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.LogRecord;
import io.ltxfs.database.log.PageSet;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.sqlite.DatabaseHeader;
import io.ltxfs.database.sqlite.Freelist;
import io.ltxfs.database.sqlite.JournalLayout;
import io.ltxfs.database.sqlite.JournalReader;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Captures transactions in rollback mode (DELETE, TRUNCATE, PERSIST), and writes that no journal announces (MEMORY, OFF,
 * {@code cp}, {@code dd}).
 *
 * <p>SQLite writes the old pages to the journal, then the new ones to the database, syncs the database, and commits by
 * making the journal invalid: unlink, truncate to zero, or zeros over its header. What it writes to the database is held
 * in an {@link Overlay} until then (R2). At the sync of the database, by the handle that wrote it and with a synced
 * journal (R3), the transaction is <em>prepared</em>: its record is appended and made durable (R5). The journal's
 * finalisation <em>decides</em>: it appends a mark and answers at once (R7). A single prepared record without a mark
 * counts as committed, so the mark need not be durable; hence an abort must be, before anyone is told (R8).
 *
 * <p>A rollback goes the same way: SQLite writes the old pages back, syncs, and finalises the journal. It is recognised
 * by the journal's own pre-images standing in the database again (R4), never by "nothing changed": a rollback does leave
 * changed free pages behind, because SQLite does not journal them.
 *
 * <p>A journal that names a super-journal is one of several; they are decided together when that is unlinked
 * ({@link GroupCommit}, R9), and its own finalisation then only clears up.
 */
final class RollbackCapture {
    private static final Logger LOG = LoggerFactory.getLogger(RollbackCapture.class);

    /** What the finalisation leaves of the journal: it is unlinked, empty, or has a zeroed header. */
    @FunctionalInterface
    interface JournalEnd {
        void run() throws DiskException;
    }

    private record Prepared(long lsn, RecordBuilder.Built built) {}

    private final Database database;
    private final State state;
    private final Services services;

    private @Nullable SideFile journal;
    private boolean active;
    private long journalEnd;
    private boolean journalSynced;
    private @Nullable Handle journalWriter;
    private String journalMode = "delete";

    private @Nullable Overlay running;
    private boolean unjournaled;
    private long writes;
    private boolean writeLockSeen;
    private @Nullable Handle lastWriter;
    private boolean writerReleased;
    private @Nullable Prepared prepared;
    private boolean preparedIsStale;
    private String group = "";
    private boolean decided;
    /** The journal is being finalised by zeros over its header. */
    private boolean endsByWrite;
    /** The transaction was decided early (B3), and is being undone by pages written since: that is a change to record. */
    private boolean reversed;
    /** The errno that the transaction was refused with; stays until the journal begins again (A2, R8). */
    private int refusal;

    RollbackCapture(Database database, State state, Services services) {
        this.database = database;
        this.state = state;
        this.services = services;
    }

    // ---- the journal

    boolean journalActive() {
        return active;
    }

    String journalMode() {
        return journalMode;
    }

    void journalCreated(SideFile file) {
        journal = file;
        journalWriter = null;
        active = false;
        journalEnd = 0;
        journalSynced = false;
    }

    /** The journal is gone as if it had never been made; nobody has written the database under it. */
    void journalTakenBack() {
        if (active) {
            endTransaction(this::forgetJournal);
        } else {
            forgetJournal();
        }
    }

    private void forgetJournal() {
        journal = null;
        journalEnd = 0;
        journalSynced = false;
    }

    int journalWrite(SideFile file, Handle handle, long offset, ByteBuffer source, Completion completion)
            throws DiskException {
        if (file != journal) {
            file.write(offset, source);
            return Errno.OK;
        }
        if (offset == 0 && active && JournalLayout.isZeroedHeader(source)) {
            endsByWrite = true;
            return finalise(
                    handle,
                    () -> {
                        journalMode = "persist";
                        file.clear(0, Math.min(JournalLayout.HEADER_SIZE, file.size()));
                        journalEnd = 0;
                        journalSynced = false;
                    },
                    completion);
        }
        boolean header = offset == 0 && source.remaining() >= JournalLayout.HEADER_SIZE;
        long end = offset + source.remaining();
        if (header && !active && unjournaled && running != null) {
            // SQLite holds RESERVED and begins a transaction of its own: whoever wrote before has finished.
            commitUnjournaled();
        }
        file.write(offset, source);
        journalWriter = handle;
        journalSynced = false;
        journalEnd = header ? end : Math.max(journalEnd, end);
        if (offset < Long.BYTES) {
            boolean was = active;
            active = magic(file);
            if (active && (header || !was)) {
                refusal = Errno.OK;
            }
        }
        return Errno.OK;
    }

    int journalTruncate(SideFile file, Handle handle, long size, Completion completion) throws DiskException {
        if (file == journal && size == 0 && active) {
            endsByWrite = false;
            return finalise(
                    handle,
                    () -> {
                        journalMode = "truncate";
                        file.truncate(0);
                        journalEnd = 0;
                        journalSynced = false;
                    },
                    completion);
        }
        file.truncate(size);
        if (file == journal) {
            journalEnd = Math.min(journalEnd, size);
            journalSynced = false;
            active &= size >= JournalLayout.HEADER_SIZE;
        }
        return Errno.OK;
    }

    void journalSynced(SideFile file) {
        if (file == journal) {
            journalSynced = true;
        }
    }

    int journalUnlink(Handle caller, Runnable detach, Completion completion) throws DiskException {
        boolean was = active;
        endsByWrite = false;
        return finalise(
                caller,
                () -> {
                    if (was) {
                        journalMode = "delete";
                    }
                    forgetJournal();
                    detach.run();
                },
                completion);
    }

    // ---- the database file

    /** The overlay of the running transaction, if there is one: what a reader gets. */
    @Nullable
    Overlay running() {
        return running;
    }

    boolean unjournaled() {
        return unjournaled && running != null;
    }

    boolean writeLockSeen() {
        return writeLockSeen;
    }

    void sawWriteLock() {
        writeLockSeen = true;
    }

    /** How many writes to the database file there were; changes with each. */
    long writes() {
        return writes;
    }

    int write(Handle handle, long offset, ByteBuffer source, Completion completion) throws DiskException {
        boolean first = !active && !unjournaled;
        if (first && !beginUnjournaled(handle)) {
            return restores(offset, source) ? Errno.OK : Errno.EROFS;
        }
        wrote(handle); // also if only a part of it fits
        overlay(source.remaining()).write(offset, source);
        if (!first) {
            return Errno.OK;
        }
        // While its first write waits, a SQLite in MEMORY or OFF mode holds the lock; cp and the like never do.
        database.afterUnlock(() -> services.host()
                .probeWriteLock(
                        database,
                        held -> database.run(
                                () -> {
                                    writeLockSeen |= held == Host.WriteLock.HELD;
                                    return Errno.OK;
                                },
                                completion)));
        return PENDING;
    }

    int truncate(Handle handle, long size) throws DiskException {
        if (!active && !unjournaled) {
            if (size >= state.commitBytes() && (state.commit != 0 || size == 0) && !state.wantsFull) {
                // C5: the shrink behind a commit, or a SIZE_HINT. Nothing there means anything.
                if (state.file.hasLayers()) {
                    database.drain();
                }
                state.file.truncate(size);
                return Errno.OK;
            }
            if (!beginUnjournaled(handle)) {
                return size == state.file.viewSize() ? Errno.OK : Errno.EROFS;
            }
        }
        overlay(0).truncate(size);
        wrote(handle);
        return Errno.OK;
    }

    int sync(Handle handle, Completion completion) throws DiskException {
        if (active) {
            return prepare(handle, completion);
        }
        if (unjournaled && running != null) {
            return syncUnjournaled(completion);
        }
        return Errno.OK;
    }

    private void wrote(Handle handle) {
        writes++;
        lastWriter = handle;
        writerReleased = false;
        preparedIsStale = prepared != null;
        if (decided) {
            decided = false;
            reversed = true;
        }
    }

    private Overlay overlay(int firstWrite) throws DiskException {
        Overlay overlay = running;
        if (overlay == null) {
            int block = state.pageSize;
            if (block == 0 && active) {
                block = reader().pageSize();
            }
            if (block == 0) {
                block = DatabaseHeader.isPageSize(firstWrite) ? firstWrite : 4096;
            }
            overlay = new Overlay(state.file.beneath(), services.newSlots(block), state.file.viewSize());
            running = overlay;
        }
        return overlay;
    }

    void released(Handle handle) {
        if (handle == lastWriter) {
            writerReleased = true;
        }
    }

    /**
     * Whether who wrote the database has let go of it. A process that closes any descriptor of the file besides SQLite's
     * loses all its locks (POSIX), and SQLite in it goes on without: that no lock is held is no proof of a foreign rm
     * as long as the writer has the file open.
     */
    boolean writerIsGone() {
        return lastWriter == null || writerReleased;
    }

    // ---- prepare (R3 to R6)

    private int prepare(Handle handle, Completion completion) throws DiskException {
        Overlay view = running;
        if (view == null || decided || (prepared != null && !preparedIsStale)) {
            return Errno.OK;
        }
        if (handle != lastWriter || !journalSynced) {
            return Errno.OK;
        }
        if (isRestored(view)) {
            return withdraw(Errno.OK, completion);
        }
        if (refusal != Errno.OK) {
            return Errno.OK;
        }
        int refused = prepared == null ? database.mayBegin() : database.mayWrite();
        if (refused != Errno.OK) {
            return refuse(refused, completion);
        }
        RecordBuilder.Built built;
        long lsn;
        String superJournal;
        try {
            built = RecordBuilder.build(state, view, reader().pageSize());
            if (built.changesNothing(state)) {
                return withdraw(Errno.OK, completion);
            }
            superJournal = reader().superJournal();
            boolean grouped = !superJournal.isEmpty() && database.knowsSuperJournal(superJournal);
            long replaces = prepared == null ? 0 : prepared.lsn;
            lsn = services.log()
                    .append(new LogRecord.Prepared(
                            built.header(), built.pages(), grouped ? superJournal : "", replaces));
            stageTaken(view, built);
            group = grouped ? superJournal : "";
        } catch (DiskException e) {
            return refuse(e.errno(), completion);
        }
        Prepared current = new Prepared(lsn, built);
        prepared = current;
        preparedIsStale = false;
        // B3: a super-journal outside the mount is never seen again, and the child's finalisation must not fail any
        // more.
        boolean decideHere = group.isEmpty() && !superJournal.isEmpty();
        database.flushThen(
                lsn,
                failure -> {
                    int late = failure != null ? failure.errno() : database.mayWrite();
                    if (prepared != current) {
                        return late;
                    }
                    if (late != Errno.OK) {
                        return refuse(late, completion);
                    }
                    if (decideHere && preparedIsStale) {
                        return refuse(Errno.EIO, completion); // by another program: it is not what the record says
                    }
                    if (decideHere) {
                        long mark = markCommitted(current.lsn);
                        adopt(current.built, current.lsn);
                        decided = true;
                        if (database.waits()) {
                            return database.replicatedThen(current.built.header(), mark, errno -> errno, completion);
                        }
                    }
                    return Errno.OK;
                },
                completion);
        return PENDING;
    }

    /**
     * R4: every page of the journal holds its pre-image again, and that is what is committed. A journal that was copied
     * into the mount beside its database tells of another state: then the rollback is a change.
     */
    private boolean isRestored(Overlay view) throws DiskException {
        if (reversed) {
            return false;
        }
        JournalReader reader = reader();
        int original = reader.originalPages();
        if ((original == 0) != (view.size() == 0)) {
            return false;
        }
        boolean[] same = {true};
        // A journal that shows no record (its page size is not one, say) proves nothing: the contents are compared
        // then.
        boolean[] seen = {false};
        ByteBuffer page = ByteBuffer.allocate(65536);
        Overlay.Below committed = state.file.beneath();
        reader.records((pgno, pageSize, preImage) -> {
            seen[0] = true;
            if (Integer.compareUnsigned(pgno, original) <= 0) {
                page.clear().limit(pageSize);
                view.readFully((Integer.toUnsignedLong(pgno) - 1) * pageSize, page);
                page.flip();
                same[0] = page.equals(preImage);
                if (same[0]) {
                    page.clear().limit(pageSize);
                    committed.readFully((Integer.toUnsignedLong(pgno) - 1) * pageSize, page);
                    page.flip();
                    same[0] = page.equals(preImage);
                }
            }
            return same[0];
        });
        return same[0] && seen[0];
    }

    // ---- finalisation (R7)

    private int finalise(Handle caller, JournalEnd end, Completion completion) throws DiskException {
        if (!active) {
            end.run();
            return Errno.OK;
        }
        Overlay view = running;
        if (decided || view == null) {
            endTransaction(end);
            return Errno.OK;
        }
        if (isForeign(caller)) {
            LOG.warn(
                    "refused to end a transaction that another process runs: database={} pid={} writer={}",
                    state.name,
                    caller.pid(),
                    lastWriter == null ? 0 : lastWriter.pid());
            return Errno.EBUSY;
        }
        if (prepared == null || preparedIsStale || !group.isEmpty()) {
            boolean nothing = isRestored(view);
            if (!nothing) {
                try {
                    nothing = RecordBuilder.build(state, view, reader().pageSize())
                            .changesNothing(state);
                } catch (DiskException e) {
                    return refuse(e.errno(), completion);
                }
            }
            if (nothing) {
                return rollBack(end, completion);
            }
        }
        database.afterUnlock(() -> services.host()
                .probeWriteLock(database, held -> database.run(() -> decide(held, end, completion), completion)));
        return PENDING;
    }

    /**
     * A7: whether the journal is taken away by a process that has written neither it nor the database, while who has has
     * the database open still: the transaction may be half done. Handles may be inherited, so the one who wrote the
     * journal counts as well as the one who wrote the database; a hot journal is rolled back by writing the database.
     */
    private boolean isForeign(Handle caller) {
        Handle writer = lastWriter;
        Handle journaling = journalWriter;
        if (writer == null || writerReleased || journaling == null || caller.pid() == journaling.pid()) {
            return false;
        }
        IntUnaryOperator lookup = services.host()::processOf;
        int ending = caller.process(lookup);
        return ending != 0 && isOther(ending, journaling.process(lookup)) && isOther(ending, writer.process(lookup));
    }

    private static boolean isOther(int process, int known) {
        return known != 0 && known != process;
    }

    private int rollBack(JournalEnd end, Completion completion) throws DiskException {
        if (database.hasUnsettled()) {
            return Errno.EIO;
        }
        if (prepared == null) {
            boolean dropped = discard();
            endTransaction(end);
            if (!dropped) {
                return Errno.OK;
            }
            database.afterUnlock(() -> services.host().afterInvalidations(() -> completion.done(Errno.OK)));
            return PENDING;
        }
        boolean[] dropped = {false};
        return withdrawThen(
                () -> {
                    dropped[0] = discard();
                    endTransaction(end);
                },
                Errno.OK,
                errno -> {
                    if (dropped[0]) {
                        services.host().afterInvalidations(() -> completion.done(errno));
                    } else {
                        completion.done(errno);
                    }
                });
    }

    private int decide(Host.WriteLock held, JournalEnd end, Completion completion) throws DiskException {
        Overlay view = running;
        if (view == null || !active) {
            return Errno.EIO;
        }
        if (held == Host.WriteLock.FREE && writerIsGone()) {
            LOG.warn(
                    "refused to remove a hot journal: database={} reason=\"no process holds SQLite's write lock\"",
                    state.name);
            return Errno.EBUSY;
        }
        if (refusal != Errno.OK) {
            return refusal;
        }
        int refused = prepared == null ? database.mayBegin() : database.mayWrite();
        if (refused != Errno.OK) {
            return refuse(refused, completion);
        }
        Prepared ready = prepared;
        if (ready != null && !preparedIsStale && group.isEmpty()) {
            long mark = markCommitted(ready.lsn);
            adopt(ready.built, ready.lsn);
            return endWithOthers(ready.built.header(), mark, end, completion);
        }
        boolean flush = !reader().notSynced() || database.waits();
        RecordBuilder.Built built;
        long lsn;
        try {
            built = RecordBuilder.build(state, view, reader().pageSize());
            if (ready != null) {
                services.log().append(new LogRecord.Abort(ready.lsn));
                prepared = null;
            }
            LogRecord record = new LogRecord.Committed(built.header(), built.pages());
            lsn = flush ? services.log().appendOpen(record) : services.log().append(record);
            stageTaken(view, built);
        } catch (DiskException e) {
            return refuse(e.errno(), completion);
        }
        if (!flush) {
            adopt(built, lsn);
            endTransaction(end);
            return Errno.OK;
        }
        Prepared current = new Prepared(lsn, built);
        prepared = current;
        preparedIsStale = false;
        database.flushThen(
                lsn,
                failure -> {
                    if (prepared != current) {
                        return Errno.EIO;
                    }
                    int late = failure != null ? failure.errno() : mayAdopt();
                    if (late != Errno.OK) {
                        return refuse(late, completion);
                    }
                    services.log().settle(lsn);
                    adopt(built, lsn);
                    return endWithOthers(built.header(), lsn, end, completion);
                },
                completion);
        return PENDING;
    }

    /**
     * Whether the record that was made durable may be a transaction: the lease may have ended meanwhile (F9), or another
     * program have written to the file, which then is not what the record says.
     *
     * @return 0 or the errno to refuse it with
     */
    private int mayAdopt() {
        return preparedIsStale ? Errno.EIO : database.mayWrite();
    }

    /** @return the LSN of the mark */
    private long markCommitted(long lsn) {
        try {
            return services.log().append(new LogRecord.Commit(lsn));
        } catch (DiskException e) {
            // R5: without the mark it counts as committed as well.
            LOG.warn("could not write a commit mark: database={} error=\"{}\"", state.name, e.getMessage());
            return lsn;
        }
    }

    /**
     * The transaction is decided: the journal goes when others have it. If their answer does not come the journal goes all
     * the same, but for its name: nobody must play it back.
     *
     * @param lsn of the record that decides
     */
    private int endWithOthers(TransactionHeader header, long lsn, JournalEnd end, Completion completion) {
        if (!database.waits()) {
            endTransaction(end);
            return Errno.OK;
        }
        decided = true;
        return database.replicatedThen(
                header,
                lsn,
                errno -> {
                    if (errno == Errno.OK || endsByWrite) {
                        // The kernel keeps the page of a write locked until it is answered, and drops it then.
                        endTransaction(end);
                        return errno;
                    }
                    journalGivenUp();
                    database.afterUnlock(() -> services.host().afterInvalidations(() -> completion.done(errno)));
                    return PENDING;
                },
                completion);
    }

    /** A transaction of unknown outcome stays, although its application is told an error. */
    void journalGivenUp() {
        LOG.warn(
                "a commit that others may not have stays, its writer is told an error: database={} txid={}",
                state.name,
                state.position.txid());
        SideFile file = journal;
        endTransaction(() -> {
            if (file != null) {
                file.truncate(0);
            }
            journalEnd = 0;
            journalSynced = false;
        });
        services.host().invalidateJournal(database);
    }

    private void endTransaction(JournalEnd end) {
        active = false;
        decided = false;
        reversed = false;
        refusal = Errno.OK;
        prepared = null;
        preparedIsStale = false;
        group = "";
        if (running != null && !unjournaled) {
            discard();
        }
        try {
            end.run();
        } catch (DiskException e) {
            // A5: after the decision nothing fails. The journal is of no use to anyone; its header is not read again.
            LOG.warn("could not clear a journal: database={} error=\"{}\"", state.name, e.getMessage());
        }
    }

    /** The transaction is committed: the overlay's pages go to the file as soon as they may (R10). */
    private void adopt(RecordBuilder.Built built, long lsn) {
        Overlay view = running;
        if (view == null) {
            throw new IllegalStateException("no overlay");
        }
        try {
            state.committed(built.header(), built.pages(), lsn, false);
        } catch (DiskException e) {
            database.checksumsLost(built.header(), lsn, e);
        }
        running = null;
        unjournaled = false;
        prepared = null;
        database.push(view, lsn);
        database.changed();
    }

    /**
     * The transaction was rolled back: pages that differ from the committed ones are dropped from the kernel's cache.
     *
     * @return whether there were any
     */
    private boolean discard() {
        Overlay view = running;
        if (view == null) {
            return false;
        }
        boolean dropped = false;
        int size = view.blockSize();
        ByteBuffer ours = ByteBuffer.allocate(size);
        ByteBuffer committed = ByteBuffer.allocate(size);
        for (long block : view.blocks()) {
            boolean same;
            try {
                ours.clear();
                committed.clear();
                view.slots().read(view.slot(block), 0, ours, size);
                state.file.readFully(block * size, committed);
                same = ours.flip().equals(committed.flip());
            } catch (DiskException e) {
                same = false;
            }
            if (!same) {
                services.host().invalidate(database, block * size, size);
                dropped = true;
            }
        }
        state.file.setViewSize(view.size());
        running = null;
        unjournaled = false;
        lastWriter = null;
        view.close();
        return dropped;
    }

    // ---- refusal and abort (R8)

    private int refuse(int errno, Completion completion) throws DiskException {
        refusal = errno;
        return withdraw(errno, completion);
    }

    private int withdraw(int errno, Completion completion) throws DiskException {
        return withdrawThen(() -> {}, errno, completion);
    }

    /** Makes the abort of a prepared record durable, then runs the rest and answers. */
    private int withdrawThen(Runnable rest, int errno, Completion completion) {
        Prepared gone = prepared;
        prepared = null;
        preparedIsStale = false;
        group = "";
        if (gone == null) {
            rest.run();
            return errno;
        }
        return database.abortThen(gone.lsn, rest, errno, completion);
    }

    private static void stageTaken(Overlay view, RecordBuilder.Built built) {
        if (built.pages().stage().isPresent()) {
            view.slots().stageTaken();
        }
    }

    /** The database is dropped: a prepared record of it is withdrawn, its overlay forgotten. */
    void abandon() {
        Prepared gone = prepared;
        if (gone != null) {
            try {
                services.log().append(new LogRecord.Abort(gone.lsn));
            } catch (DiskException e) {
                LOG.warn("could not withdraw a record of a dropped database: database={} lsn={}", state.name, gone.lsn);
            }
        }
        if (running != null) {
            discard();
        }
        active = false;
        journal = null;
        prepared = null;
    }

    /**
     * Another node's transaction takes the place of one that is prepared: its record is withdrawn, and who has prepared it
     * is refused.
     *
     * @return the LSN of the abort, which is to be made durable; 0 if nothing is prepared
     */
    long withdrawPrepared() throws DiskException {
        Prepared gone = prepared;
        if (gone == null) {
            return 0;
        }
        long abort = services.log().append(new LogRecord.Abort(gone.lsn));
        groupRefused(Errno.EIO);
        return abort;
    }

    /**
     * A transaction that an application has left open is over: what it wrote is dropped, and its journal is empty, so that
     * nobody plays it back. Who goes on with it is refused.
     */
    void giveUp() throws DiskException {
        long abort = withdrawPrepared();
        if (abort != 0) {
            services.log().flushAndWait(abort);
        }
        if (running != null) {
            LOG.info("gave up a transaction that an application had left open: database={}", state.name);
            discard();
            long size = state.file.resetViewSize();
            services.host().invalidate(database, size, 0);
        }
        active = false;
        decided = false;
        reversed = false;
        SideFile file = journal;
        if (file != null && file.size() > 0) {
            file.truncate(0);
            services.host().invalidateJournal(database);
        }
        journalEnd = 0;
        journalSynced = false;
    }

    // ---- groups (R9), called with the database's lock held

    boolean isMember(String superJournal) {
        return prepared != null && group.equals(superJournal);
    }

    boolean isCleanMember() {
        return !preparedIsStale;
    }

    long preparedLsn() {
        return prepared == null ? 0 : prepared.lsn;
    }

    void groupCommitted() {
        Prepared ready = prepared;
        if (ready == null) {
            throw new IllegalStateException("not prepared");
        }
        adopt(ready.built, ready.lsn);
        group = "";
        decided = true;
    }

    void groupRefused(int errno) {
        refusal = errno;
        prepared = null;
        preparedIsStale = false;
        group = "";
    }

    // ---- writes without a journal

    private boolean beginUnjournaled(Handle handle) {
        if (services.options().refuseUnjournaled().test(state.name) && state.position.txid() != 0) {
            LOG.warn(
                    "refused a write without a journal: database={} pid={} setting=\"unjournaled: refuse\"",
                    state.name,
                    handle.pid());
            return false;
        }
        if (services.host().mayCommit() != Errno.OK) {
            // It could never become a transaction; refused now, nothing has changed yet.
            return false;
        }
        unjournaled = true;
        writeLockSeen = false;
        database.unjournaledBegan();
        return true;
    }

    /** A6: a write that leaves the file as it is committed is allowed to everybody. */
    private boolean restores(long offset, ByteBuffer source) throws DiskException {
        if (offset + source.remaining() > state.file.viewSize()) {
            return false;
        }
        ByteBuffer there = ByteBuffer.allocate(source.remaining());
        state.file.readFully(offset, there);
        return there.flip().equals(source);
    }

    /**
     * FSYNC of the database with no journal: in MEMORY and OFF mode that is the commit, and the writer holds SQLite's
     * lock. Another program's sync is a commit only if what it wrote is a whole database.
     */
    private int syncUnjournaled(Completion completion) {
        database.afterUnlock(() -> services.host()
                .probeWriteLock(
                        database,
                        held -> database.run(
                                () -> {
                                    Overlay view = running;
                                    if (view == null || !unjournaled) {
                                        return Errno.OK;
                                    }
                                    if (held != Host.WriteLock.HELD && !looksWhole(view)) {
                                        return Errno.OK;
                                    }
                                    journalMode = held == Host.WriteLock.HELD ? "memory" : journalMode;
                                    return commitUnjournaledDurably(completion);
                                },
                                completion)));
        return PENDING;
    }

    /** Adopts only what is durable: if the log cannot be flushed the record is withdrawn, and SQLite rolls back (R8). */
    private int commitUnjournaledDurably(Completion completion) throws DiskException {
        RecordBuilder.Built built = buildUnjournaled();
        if (built == null) {
            return Errno.OK;
        }
        long lsn = services.log().appendOpen(new LogRecord.Committed(built.header(), built.pages()));
        stageOfRunningTaken(built);
        Prepared current = new Prepared(lsn, built);
        prepared = current;
        preparedIsStale = false;
        database.flushThen(
                lsn,
                failure -> {
                    int errno = failure == null ? Errno.OK : failure.errno();
                    if (prepared != current) {
                        return errno;
                    }
                    errno = errno == Errno.OK ? mayAdopt() : errno;
                    if (errno != Errno.OK) {
                        return withdraw(errno, completion);
                    }
                    services.log().settle(lsn);
                    adopt(built, lsn);
                    return database.waits()
                            ? database.awaitOthers(built.header(), lsn, late -> late, completion)
                            : Errno.OK;
                },
                completion);
        return PENDING;
    }

    /** Takes what was written without a journal as one transaction; returns its LSN, or 0 if nothing changed. */
    long commitUnjournaled() throws DiskException {
        RecordBuilder.Built built = buildUnjournaled();
        if (built == null) {
            return 0;
        }
        long lsn = services.log().append(new LogRecord.Committed(built.header(), built.pages()));
        stageOfRunningTaken(built);
        adopt(built, lsn);
        return lsn;
    }

    private void stageOfRunningTaken(RecordBuilder.Built built) {
        if (running != null) {
            stageTaken(running, built);
        }
    }

    /** What was written without a journal, unless it changes nothing or is being committed already. */
    private RecordBuilder.@Nullable Built buildUnjournaled() throws DiskException {
        Overlay view = running;
        if (view == null || !unjournaled || prepared != null) {
            return null;
        }
        int refused = database.mayBegin();
        if (refused != Errno.OK) {
            throw new DiskException(refused, state.name + ": a write without a journal is refused");
        }
        WalCapture wal = database.walCapture();
        RecordBuilder.Built built = wal.covers(view)
                ? RecordBuilder.buildBelow(state, view, wal::hides)
                : RecordBuilder.build(state, view, 0);
        if (built.changesNothing(state) || (built.header().commit() == 0 && state.commit == 0)) {
            discardQuietly(view);
            return null;
        }
        if (changesOnlyFreePages(built)) {
            discard();
            return null;
        }
        return built;
    }

    /**
     * A rollback without a journal file leaves free pages changed that the transaction had reused (SQLite does not keep
     * their old content). No transaction changes those alone: taking one from the list changes page 1 or a trunk.
     */
    private boolean changesOnlyFreePages(RecordBuilder.Built built) throws DiskException {
        PageSet pages = built.pages();
        if (pages.count() == 0
                || pages.pgno(0) == 1
                || built.header().image() != TransactionHeader.Image.DELTA
                || built.header().commit() != state.commit) {
            return false;
        }
        int pageSize = state.pageSize;
        BitSet leaves = Freelist.leaves(
                (pgno, target) -> state.file.readFully((Integer.toUnsignedLong(pgno) - 1) * pageSize, target),
                pageSize,
                state.commit);
        for (int i = 0; i < pages.count(); i++) {
            if (!leaves.get(pages.pgno(i))) {
                return false;
            }
        }
        return true;
    }

    /** What was written becomes the file's content, of no transaction. */
    void leavePlain() {
        Overlay view = running;
        if (view != null) {
            running = null;
            unjournaled = false;
            state.file.push(view, state.lastLsn);
        }
    }

    private void discardQuietly(Overlay view) {
        running = null;
        unjournaled = false;
        if (database.walCapture().hasFrames()) {
            // A checkpoint may have gone on meanwhile, and counts on its pages being in the file.
            state.file.push(view, state.lastLsn);
            database.applySoon();
            return;
        }
        state.file.setViewSize(view.size());
        view.close();
    }

    private boolean looksWhole(Overlay view) throws DiskException {
        ByteBuffer header = ByteBuffer.allocate(DatabaseHeader.SIZE);
        view.readFully(0, header);
        header.flip();
        if (!DatabaseHeader.hasMagic(header, 0)) {
            return false;
        }
        long bytes = Integer.toUnsignedLong(DatabaseHeader.pageCount(header)) * DatabaseHeader.pageSize(header);
        return bytes != 0 && bytes == view.size();
    }

    private JournalReader reader() {
        SideFile file = journal;
        if (file == null) {
            return new JournalReader((offset, target) -> 0, 0);
        }
        return new JournalReader(file::read, Math.min(journalEnd, file.size()));
    }

    private static boolean magic(SideFile file) throws DiskException {
        if (file.size() < JournalLayout.HEADER_SIZE) {
            return false;
        }
        ByteBuffer first = ByteBuffer.allocate(Long.BYTES);
        file.read(0, first);
        return first.getLong(0) == JournalLayout.MAGIC;
    }
}
