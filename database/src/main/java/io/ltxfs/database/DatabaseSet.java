package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.feed.LogFeed;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.log.FlushCallback;
import io.ltxfs.database.log.LogRecord;
import io.ltxfs.database.log.PageSet;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.log.TransactionLog;
import io.ltxfs.database.receive.Divergent;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.ltx.PageChecksum;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * All databases of one node, over one log. Backing files: a database {@code a/b.db} is {@code files/a/b.db} below the
 * data directory (plain files and directories of the mount lie in the same tree, and are the mount's affair), checksum
 * arrays in {@code sums/}, WALs and spilled journals in {@code side/}, the log in {@code log/}.
 */
public final class DatabaseSet implements AutoCloseable {

    /** Where the files of the mount lie below the data directory. */
    public static final String FILES = "files";

    static final String SUMS = "sums";
    private static final long SIDE_MEMORY = 32L << 20;
    private static final long STAGE_MEMORY = 64L << 20;

    private final Disk disk;
    private final TransactionLog log;
    private final Services services;
    private final ConcurrentHashMap<String, Database> databases = new ConcurrentHashMap<>();
    /** The drops of databases that are not there now: their TXIDs go on when they come again. */
    private final ConcurrentHashMap<String, TransactionHeader> dropped = new ConcurrentHashMap<>();

    /** By path below the mount. */
    private final ConcurrentHashMap<String, UncapturedFile> superJournals = new ConcurrentHashMap<>();

    private final AtomicLong exports = new AtomicLong();
    private final AtomicLong transactions = new AtomicLong();
    private final LogFeed feed;
    private final Maintenance maintenance;
    private final ReplicaFlush replicaFlush;
    private final LogReceiver receiver;
    private final Divergent divergent;

    private DatabaseSet(Disk disk, TransactionLog log, LogFeed feed, Services services) {
        this.disk = disk;
        this.log = log;
        this.feed = feed;
        this.services = services;
        this.replicaFlush = new ReplicaFlush(log, feed);
        this.maintenance = new Maintenance(
                this, log, feed, services.backlog(), services.options().log().maxBytes());
        this.receiver = new LogReceiver(this, disk, log, services);
        this.divergent = new DivergentFiles(this, disk, log);
    }

    /**
     * Opens the data directory and recovers: settles prepared records, redoes the log, removes side files. One damaged
     * database is quarantined, the others are served.
     */
    public static DatabaseSet open(Disk disk, DatabaseSetOptions options, Host host) throws DiskException {
        for (String directory : List.of(FILES, SUMS, SideStore.DIRECTORY, TransactionLog.DIRECTORY)) {
            disk.makeDirectories(directory);
        }
        disk.syncDirectory("");
        TransactionLog log = TransactionLog.open(disk, options.log());
        Map<String, Recovery.Recovered> recovered = new Recovery(disk, log).run();
        SideStore side = new SideStore(disk, new MemoryBudget(SIDE_MEMORY));
        LogFeed feed = new LogFeed(log);
        Backlog backlog = new Backlog(feed, options.behind());
        Services services = new Services(disk, log, host, options, side, new MemoryBudget(STAGE_MEMORY), backlog);
        DatabaseSet set = new DatabaseSet(disk, log, feed, services);
        for (Recovery.Recovered database : recovered.values()) {
            set.adopt(database);
        }
        if (options.log().threads()) {
            set.maintenance.start();
            set.replicaFlush.start();
        }
        return set;
    }

    private void adopt(Recovery.Recovered found) throws DiskException {
        TransactionHeader header = found.header;
        if (header == null) {
            return;
        }
        Position position = new Position(header.txid(), header.postChecksum());
        if (found.isDropped()) {
            dropped.put(found.name, header);
            return;
        }
        DiskFile file = found.file;
        PageChecksums sums = found.sums;
        if (file == null) {
            file = disk.open(path(found.name), Disk.Mode.CREATE);
        }
        if (sums == null) {
            sums = new PageChecksums(disk, sumsPath(found.name));
        }
        State state = new State(found.name, services, new CommittedFile(file), sums, position);
        state.moved(header, found.lsn);
        state.uid = header.uid();
        state.gid = header.gid();
        state.mode = header.mode();
        Database database = new Database(this, services, state, found.watermark);
        if (!found.damage.isEmpty()) {
            database.quarantine(found.damage);
        }
        databases.put(found.name, database);
    }

    /** The database of this name, if there is one now. */
    public Optional<Database> find(String name) {
        return Optional.ofNullable(databases.get(name));
    }

    /** Whether there is no database and, as far as is known, there never was one. */
    public boolean isNew() {
        return databases.isEmpty() && dropped.isEmpty();
    }

    /** The TXID with which a database that is not there now was dropped; 0 if there never was one of that name. */
    public long droppedAt(String name) {
        TransactionHeader drop = dropped.get(name);
        return drop == null ? 0 : drop.txid();
    }

    /** All databases there are now. */
    public Collection<Database> all() {
        return databases.values();
    }

    /**
     * Makes a database of the backing file {@code files/<name>}, which exists: its first bytes are about to be SQLite's
     * header, or a side file appears beside it. What it holds already becomes part of its first transaction.
     */
    public Database register(String name, int uid, int gid, int mode) throws DiskException {
        if (receiver.hasWaiting(name)) {
            throw new DiskException(Errno.EACCES, name + " comes from another node");
        }
        DiskFile file = disk.open(path(name), Disk.Mode.WRITE);
        disk.unlink(sumsPath(name));
        State state = new State(
                name, services, new CommittedFile(file), new PageChecksums(disk, sumsPath(name)), lastPosition(name));
        state.notBefore(latestMillis(name));
        state.wantsFull = true;
        state.uid = uid;
        state.gid = gid;
        state.mode = mode;
        Database database = new Database(this, services, state, 0);
        Database other = databases.putIfAbsent(name, database);
        if (other != null) {
            database.locked(() -> {
                database.detach();
                return name;
            });
            return other;
        }
        return database;
    }

    /**
     * unlink(2) of a database file: a drop, at the next TXID (none if it never had one). When it completes with 0 the
     * backing file's name is gone; open handles of it stay usable.
     */
    public void drop(Database database, Completion completion) {
        database.runEvenDamaged(
                () -> {
                    Database.Drop begun = database.unfinishedDrop();
                    if (begun != null) {
                        return finishDrop(database, begun, completion);
                    }
                    if (database.isDropped()) {
                        return Errno.ENOENT;
                    }
                    State state = database.state();
                    if (state.position.txid() == 0 || state.lastLsn == 0) {
                        database.abandon();
                        database.detach();
                        forget(database);
                        return Errno.OK;
                    }
                    int refused = services.host().mayCommit();
                    if (refused != Errno.OK) {
                        return refused;
                    }
                    // Whatever fails until the record is there, the database goes on: its applications have it open.
                    database.rollback().withdrawPrepared();
                    TransactionHeader header = dropHeader(state);
                    long lsn = log.append(new LogRecord.Committed(header, PageSet.empty()));
                    transactions.incrementAndGet();
                    Database.Drop drop = new Database.Drop(header, lsn);
                    database.beginDrop(drop);
                    return finishDrop(database, drop, completion);
                },
                completion);
    }

    /** From the record on; again if that failed at first. */
    private int finishDrop(Database database, Database.Drop drop, Completion completion) {
        database.dropUnknown(false);
        database.flushThen(
                drop.lsn(),
                failure -> {
                    if (failure != null) {
                        // It is durable or not: the name may not go, and nobody may go on.
                        database.dropUnknown(true);
                        throw failure;
                    }
                    dropped.put(database.name(), drop.header());
                    forget(database);
                    // A file of this name that comes later must not be taken for this one by recovery.
                    syncParent(database.name());
                    long mark = log.append(new LogRecord.Watermark(database.name(), drop.lsn()));
                    database.flushThen(
                            mark,
                            late -> {
                                if (late == null) {
                                    database.endDrop();
                                }
                                return late == null ? Errno.OK : late.errno();
                            },
                            completion);
                    return Database.PENDING;
                },
                completion);
        return Database.PENDING;
    }

    /** Makes the drop of a database durable, in such a way that recovery leaves a file of its name alone. */
    void logDrop(State state) throws DiskException {
        long lsn = log.append(new LogRecord.Committed(dropHeader(state), PageSet.empty()));
        log.flushAndWait(lsn);
        log.flushAndWait(log.append(new LogRecord.Watermark(state.name, lsn)));
    }

    private void forget(Database database) throws DiskException {
        disk.unlink(path(database.name()));
        disk.unlink(sumsPath(database.name()));
        databases.remove(database.name(), database);
    }

    private TransactionHeader dropHeader(State state) {
        return new TransactionHeader(
                state.name,
                state.position.txid() + 1,
                services.host().epoch(),
                state.nextMillis(),
                state.pageSize,
                0,
                state.position.checksum(),
                PageChecksum.EMPTY,
                Image.DROP,
                state.uid,
                state.gid,
                state.mode);
    }

    /**
     * rename(2) of a database onto a name that is free or a database: the new name gets a full image at its next TXID,
     * the old one is dropped. EBUSY while either is in use. The backing file is moved by this call.
     *
     * @param renamed runs when the new name stands for it, before anybody can use it: handles of the old one go on as those
     *     of the new one from then on
     */
    public void rename(Database database, String newName, Runnable renamed, Completion completion) {
        new Rename(this, disk, services, database, newName, renamed).run(completion);
    }

    /** The last position of a name that is not a database now. */
    Position lastPosition(String name) {
        Database there = databases.get(name);
        if (there != null) {
            return there.position();
        }
        TransactionHeader drop = dropped.get(name);
        if (drop == null || drop.txid() == 0) { // moved aside: a new history may begin
            return Position.NONE;
        }
        return new Position(drop.txid(), drop.postChecksum());
    }

    /** When that was, milliseconds since the Unix epoch. */
    long latestMillis(String name) {
        Database there = databases.get(name);
        if (there != null) {
            return there.state().lastHeader().timeMillis();
        }
        TransactionHeader drop = dropped.get(name);
        return drop == null ? 0 : drop.timeMillis();
    }

    /** The drops of databases that are not there now, by name. */
    Map<String, TransactionHeader> drops() {
        return dropped;
    }

    LogReceiver arrivals() {
        return receiver;
    }

    /** What is kept of this node's transactions that the primary's history does not have. */
    public Divergent divergent() {
        return divergent;
    }

    /** Takes transactions that come from another node. */
    public Receiver receiver() {
        return receiver;
    }

    /** Tells once everything that was committed or received until now is durable. */
    public void flush(FlushCallback callback) {
        log.flush(log.lastLsn(), callback);
    }

    /** Another node's first transaction of a database: makes its file. {@link #createdReceived} shows it. */
    Database createReceived(TransactionHeader header) throws DiskException {
        String name = header.database();
        String path = path(name);
        if (disk.exists(path)) {
            throw new DiskException(Errno.EEXIST, name + ": a file of this name is there that is no database");
        }
        disk.makeDirectories(path.substring(0, path.lastIndexOf('/')));
        disk.unlink(sumsPath(name));
        DiskFile file = disk.open(path, Disk.Mode.CREATE);
        State state = new State(
                name, services, new CommittedFile(file), new PageChecksums(disk, sumsPath(name)), lastPosition(name));
        return new Database(this, services, state, 0);
    }

    /** @param done whether it has got its transaction; else it is removed again */
    void createdReceived(Database database, boolean done) throws DiskException {
        String name = database.name();
        if (done) {
            databases.put(name, database);
            dropped.remove(name);
            return;
        }
        database.locked(() -> {
            database.detach();
            return name;
        });
        disk.unlink(path(name));
    }

    /** A drop on another node, durable in this log: the file's name goes, open handles stay usable. */
    void applyDrop(TransactionHeader header, long lsn) throws DiskException {
        Database database = databases.get(header.database());
        if (database != null) {
            database.giveUp();
            database.locked(() -> {
                database.abandon();
                database.detach();
                return lsn;
            });
            forget(database);
            syncParent(database.name());
        }
        dropped.put(header.database(), header);
        // A file of this name that comes later must not be taken for this one by recovery.
        log.flushAndWait(log.append(new LogRecord.Watermark(header.database(), lsn)));
        transactions.incrementAndGet();
    }

    /** A rename is done: the databases of both names. */
    void renamed(Database old, TransactionHeader drop, Database now) {
        // There is always one of them: who asks for all must not think that there never was such a database.
        if (drop.txid() != 0) {
            dropped.put(old.name(), drop);
        }
        databases.put(now.name(), now);
        databases.remove(old.name(), old);
    }

    TransactionHeader dropOf(State state) {
        return dropHeader(state);
    }

    /** creat(2) of a super-journal, by its path below the mount. */
    public SqliteFile createSuperJournal(String path) {
        UncapturedFile file = new UncapturedFile(services.side().spilling());
        superJournals.put(path, file);
        return file;
    }

    /** unlink(2) of a super-journal: decides every member that is prepared under its name (R9). */
    public void unlinkSuperJournal(String path, Completion completion) {
        String group = baseName(path);
        new GroupDecision(services, group, databases.values()).run(errno -> {
            if (errno == Errno.OK) {
                UncapturedFile file = superJournals.remove(path);
                if (file != null) {
                    file.unlinked();
                }
            }
            completion.done(errno);
        });
    }

    boolean knowsSuperJournal(String baseName) {
        return superJournals.keySet().stream().anyMatch(path -> baseName(path).equals(baseName));
    }

    /**
     * Writes a database as it was after a transaction.
     *
     * @param txid 0 for the last one
     * @return the transaction whose outcome was written, with the owner that the file had then; of the last transaction,
     *     with the one that it has
     * @throws NotAvailableException if the log does not reach back to it; names the range
     * @throws CorruptDatabaseException if what was read is not what the log says
     */
    public TransactionHeader export(String name, long txid, WritableByteChannel target) throws IOException {
        Database database = databases.get(name);
        if (database == null) {
            throw new NotAvailableException(name + ": no such database");
        }
        Position now = database.position();
        long first = log.firstTxid(name);
        if (now.txid() == 0) {
            throw new NotAvailableException(name + ": has no transaction yet");
        }
        if (txid != 0
                && txid != now.txid()
                && (first == 0
                        || Long.compareUnsigned(txid, first) < 0
                        || Long.compareUnsigned(txid, now.txid()) > 0)) {
            throw new NotAvailableException(String.format(
                    "%s: the log does not reach to %016x; it has %016x to %016x",
                    name, txid, first == 0 ? now.txid() : first, now.txid()));
        }
        return new Exporter(disk, log).export(database, exports.incrementAndGet(), txid, header -> target);
    }

    /**
     * Writes a database as it is after its last transaction, and sees to it that this transaction is durable in the log
     * before the first byte is given out.
     *
     * @throws NotAvailableException if there is no such database, or it has no transaction yet
     * @throws CorruptDatabaseException if what was read is not what the log says
     */
    public TransactionHeader image(String name, ImageSink sink) throws IOException {
        Database database = databases.get(name);
        if (database == null || database.position().txid() == 0) {
            throw new NotAvailableException(
                    name + (database == null ? ": no such database" : ": has no transaction yet"));
        }
        return new Exporter(disk, log).export(database, exports.incrementAndGet(), 0, header -> {
            log.flushAndWait(log.lastLsn());
            return sink.open(header);
        });
    }

    /**
     * The committed transactions of a database that the log keeps, oldest first; empty if it keeps none.
     *
     * @param name of a database that there is, or was and is dropped
     */
    public List<TransactionSummary> history(String name) throws DiskException {
        return LogHistory.read(log).transactions(log, name);
    }

    /** The committed transactions of all databases, for those who carry them away. */
    public TransactionFeed feed() {
        return feed;
    }

    /**
     * Puts a whole database in place that comes from elsewhere (an archive, another node), at a position of its own. When
     * this returns it is there for good; if it fails, or the machine does before, it is not there at all. Older positions
     * cannot be exported; the next transaction has the next TXID.
     *
     * @param stagingPath the file, complete and synced, below the data directory and on its file system; taken over
     * @param position name, TXID, time, page size, size, checksum after it ({@code postChecksum}), epoch, owner, mode; the
     *     rest does not matter
     * @throws DiskException EEXIST if there is a database or file of this name, or its TXIDs are beyond this one
     * @throws CorruptDatabaseException if the file is not what the position says
     */
    public Database install(String stagingPath, TransactionHeader position) throws IOException {
        requireFree(position);
        Install.Installed installed = new Install(disk, log).install(stagingPath, position);
        State state = new State(
                position.database(),
                services,
                new CommittedFile(installed.file()),
                installed.sums(),
                new Position(position.txid(), position.postChecksum()));
        state.moved(position, installed.lsn());
        state.uid = position.uid();
        state.gid = position.gid();
        state.mode = position.mode();
        Database database = new Database(this, services, state, installed.watermark());
        databases.put(position.database(), database);
        dropped.remove(position.database());
        return database;
    }

    /**
     * Takes down that a database is dropped, and at which position, so that its TXIDs go on if it comes again.
     *
     * @param position name, TXID of the drop, time and epoch; the rest does not matter
     * @throws DiskException EEXIST if there is a database or file of this name, or its TXIDs are beyond this one
     */
    public void installDropped(TransactionHeader position) throws DiskException {
        requireFree(position);
        dropped.put(position.database(), new Install(disk, log).installDropped(position));
    }

    private void requireFree(TransactionHeader position) throws DiskException {
        String name = position.database();
        if (databases.containsKey(name) || disk.exists(path(name))) {
            throw new DiskException(Errno.EEXIST, name + " is there already");
        }
        TransactionHeader drop = dropped.get(name);
        if (drop != null && Long.compareUnsigned(drop.txid(), position.txid()) >= 0) {
            throw new DiskException(
                    Errno.EEXIST,
                    String.format("%s was dropped at %016x, later than %016x", name, drop.txid(), position.txid()));
        }
    }

    /** Bytes of the log on disk, of all databases. */
    public long logBytes() {
        return log.bytes();
    }

    /** How many times the log was synced since the start. */
    public long logSyncs() {
        return log.syncs();
    }

    /** Transactions that were captured since the start. */
    public long transactions() {
        return transactions.get();
    }

    /** Makes everything durable that has been committed until now. Blocks on the disk. */
    public void flush() throws DiskException {
        log.flushAndWait(log.lastLsn());
    }

    /** One round of background work: apply, sync, move watermarks, trim, retry what failed. */
    public void maintain() {
        maintenance.round();
    }

    void changed() {
        transactions.incrementAndGet();
        replicaFlush.committed();
    }

    void wantsMaintenance() {
        maintenance.retrySoon();
    }

    void watchUnjournaled(Database database) {
        maintenance.watch(database);
    }

    /** Makes the name of a database's file durable, and those of the directories above it (R13). */
    void syncParent(String name) throws DiskException {
        syncParent(disk, name);
    }

    static void syncParent(Disk disk, String name) throws DiskException {
        for (String path = path(name); path.contains("/"); ) {
            path = path.substring(0, path.lastIndexOf('/'));
            disk.syncDirectory(path);
        }
    }

    /** Flushes everything, brings files to the last commit where that is cheap, and stamps a clean stop. */
    @Override
    public void close() throws DiskException {
        replicaFlush.stop();
        maintenance.stop();
        receiver.close();
        DiskException first = null;
        for (Database database : databases.values()) {
            try {
                database.close();
            } catch (DiskException e) {
                first = first == null ? e : first;
            }
        }
        try {
            log.flushAndWait(log.lastLsn());
        } finally {
            log.close();
        }
        if (first != null) {
            throw first;
        }
    }

    static String path(String name) {
        return FILES + "/" + name;
    }

    /** Names may be longer than a file name can be, and have directories in them: the array's file has their hash. */
    static String sumsPath(String name) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return SUMS + "/" + HexFormat.of().formatHex(hash, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Where a clean stop leaves the {@link Stamp} of a database. */
    static String stampPath(String name) {
        return sumsPath(name) + ".stamp";
    }

    private static String baseName(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
