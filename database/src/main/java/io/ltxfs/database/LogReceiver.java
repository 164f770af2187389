package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.FlushCallback;
import io.ltxfs.database.log.LogEntry;
import io.ltxfs.database.log.LogRecord;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import io.ltxfs.database.log.TransactionLog;
import io.ltxfs.database.log.TransactionLog.PageVisitor;
import io.ltxfs.database.receive.Arrival;
import io.ltxfs.database.receive.NotNextException;
import io.ltxfs.database.receive.PageSource;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.database.sqlite.DatabaseHeader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Receives and applies. What is received stands in the log and in the database's {@link Inbox}, with its checksums over
 * those of what is applied; {@link State} moves when it is applied. A database with an inbox that is not empty takes no
 * commits of its own.
 */
final class LogReceiver implements Receiver {
    /** Pages of small transactions are kept for the one who applies them, up to this many bytes in all. */
    private static final long KEPT_BYTES_MAX = 16L << 20;

    private static final long INVALIDATE_SECONDS_MAX = 60;

    private final DatabaseSet set;
    private final Disk disk;
    private final TransactionLog log;
    private final Services services;
    private final ConcurrentHashMap<String, Inbox> inboxes = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong keptBytes = new AtomicLong();
    private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();

    LogReceiver(DatabaseSet set, Disk disk, TransactionLog log, Services services) {
        this.set = set;
        this.disk = disk;
        this.log = log;
        this.services = services;
    }

    // ---- what the set asks

    /** Whether transactions of a database wait to be applied. */
    boolean hasWaiting(String database) {
        if (waiting.get() == 0) {
            return false;
        }
        Inbox inbox = inboxes.get(database);
        return inbox != null && inbox.keepFromLsn != Long.MAX_VALUE;
    }

    /** The first LSN that is still to be applied, or {@link Long#MAX_VALUE}. */
    long keepFromLsn() {
        long keep = Long.MAX_VALUE;
        for (Inbox inbox : inboxes.values()) {
            keep = Math.min(keep, inbox.keepFromLsn);
        }
        return keep;
    }

    // ---- receiving

    @Override
    public Map<String, TransactionHeader> received() {
        Map<String, TransactionHeader> all = new TreeMap<>(set.drops());
        for (Database database : set.all()) {
            State state = database.state();
            database.locked(() -> {
                if (state.lastLsn != 0 && !database.isDropped()) {
                    all.put(state.name, state.lastHeader());
                }
                return all;
            });
        }
        inboxes.forEach((name, inbox) -> {
            TransactionHeader last = locked(inbox, inbox::last);
            if (last != null) {
                all.put(name, last);
            }
        });
        return all;
    }

    @Override
    public Optional<TransactionHeader> received(String database) {
        Inbox inbox = inboxes.get(database);
        TransactionHeader last = inbox == null ? null : locked(inbox, inbox::last);
        return last != null ? Optional.of(last) : applied(database);
    }

    /** The last transaction that is in the files. */
    private Optional<TransactionHeader> applied(String name) {
        Optional<Database> database = set.find(name);
        if (database.isPresent()) {
            Optional<TransactionHeader> last = database.get().lastTransaction();
            if (last.isPresent()) {
                return last;
            }
        }
        return Optional.ofNullable(set.drops().get(name));
    }

    @Override
    public long receive(TransactionHeader header, PageSource pages) throws IOException {
        Inbox inbox = inboxes.computeIfAbsent(header.database(), name -> new Inbox());
        inbox.lock.lock();
        try {
            requireNext(header, received(header.database()));
        } finally {
            inbox.lock.unlock();
        }
        return take(inbox, header, pages);
    }

    @Override
    public long replace(TransactionHeader position, PageSource changed) throws IOException {
        TransactionHeader header = position.asJump();
        return take(inboxes.computeIfAbsent(header.database(), name -> new Inbox()), header, changed);
    }

    private static void requireNext(TransactionHeader header, Optional<TransactionHeader> last)
            throws NotNextException {
        Optional<TransactionHeader> before = last.filter(known -> known.txid() != 0); // else it was moved aside
        long txid = before.map(TransactionHeader::txid).orElse(0L) + 1;
        long checksum = before.map(TransactionHeader::postChecksum).orElse(0L);
        if (header.txid() != txid || header.preChecksum() != checksum || header.image() == Image.INSTALLED) {
            throw new NotNextException(header, before);
        }
        long epoch = before.map(TransactionHeader::epoch).orElse(0L);
        if (header.epoch() != 0 && Long.compareUnsigned(header.epoch(), epoch) < 0) {
            throw new NotNextException(header, before, epoch);
        }
    }

    private long take(Inbox inbox, TransactionHeader header, PageSource source) throws IOException {
        boolean none = header.commit() == 0;
        if (!none && !DatabaseHeader.isPageSize(header.pageSize())) {
            throw new CorruptDatabaseException(corrupt(header, "its page size is " + header.pageSize()));
        }
        try (IncomingPages incoming = new IncomingPages(header, services.newSlots(none ? 512 : header.pageSize()))) {
            source.visit(incoming);
            String wrong = incoming.wrong();
            if (wrong != null) {
                throw new CorruptDatabaseException(corrupt(header, wrong));
            }
            long lsn;
            inbox.lock.lock();
            try {
                Optional<TransactionHeader> before = received(header.database());
                if (!header.jump()) {
                    requireNext(header, before);
                }
                SlotPages pages = incoming.take();
                lsn = append(inbox, header, pages, before);
            } finally {
                inbox.lock.unlock();
            }
            listeners.forEach(listener -> listener.accept(header.database()));
            return lsn;
        }
    }

    private long append(Inbox inbox, TransactionHeader header, SlotPages pages, Optional<TransactionHeader> before)
            throws IOException {
        boolean done = false;
        try {
            Optional<Database> database = set.find(header.database());
            if (database.isPresent()) {
                database.get().withdrawPrepared();
            }
            new Verification(header, pages, before, pgno -> checksum(inbox, database, before, pgno)).check();
            // Whoever trims must not come between the record and its place in the inbox.
            if (inbox.waiting.isEmpty()) {
                inbox.keepFromLsn = log.lastLsn() + 1;
            }
            LogEntry entry;
            try {
                entry = log.appendReceived(new LogRecord.Committed(header, pages));
            } catch (DiskException | RuntimeException | Error e) {
                inbox.updateKeep();
                throw e;
            }
            if (pages.stage().isPresent()) {
                pages.store().stageTaken();
            }
            if (header.image() == Image.FULL || header.commit() == 0) {
                inbox.sums.clear();
            }
            for (int i = 0; i < pages.count(); i++) {
                inbox.sums.put(pages.pgno(i), pages.checksum(i), entry.lsn());
            }
            Arrival arrival = new Arrival(header, entry.lsn(), pages.count(), header.jump());
            inbox.waiting.addLast(keep(arrival, entry, pages));
            inbox.updateKeep();
            waiting.incrementAndGet();
            done = true;
            return entry.lsn();
        } finally {
            if (!done) {
                pages.store().close();
            }
        }
    }

    /** Keeps the pages at hand, if there is room; else they are read from the log when they are needed. */
    private Inbox.Waiting keep(Arrival arrival, LogEntry entry, SlotPages pages) {
        long bytes = (long) pages.count() * pages.store().slotSize();
        if (pages.stage().isEmpty() && keptBytes.addAndGet(bytes) <= KEPT_BYTES_MAX) {
            return new Inbox.Waiting(arrival, entry, pages, bytes);
        }
        if (pages.stage().isEmpty()) {
            keptBytes.addAndGet(-bytes);
        }
        pages.store().close();
        return new Inbox.Waiting(arrival, entry, null, 0);
    }

    /** The checksum of a page as it was received last; 0 if there is none. */
    private static long checksum(Inbox inbox, Optional<Database> database, Optional<TransactionHeader> before, int pgno)
            throws DiskException {
        int commit = before.map(TransactionHeader::commit).orElse(0);
        if (Integer.compareUnsigned(pgno, commit) > 0) {
            return 0;
        }
        long received = inbox.sums.get(pgno);
        if (received != ReceivedSums.UNKNOWN) {
            return received;
        }
        return database.isPresent() ? database.get().pageChecksum(pgno) : 0;
    }

    static String corrupt(TransactionHeader header, String why) {
        return String.format("%s: transaction %016x was refused: %s", header.database(), header.txid(), why);
    }

    @Override
    public long[] pageChecksums(String name) throws DiskException {
        Inbox inbox = inboxes.computeIfAbsent(name, missing -> new Inbox());
        inbox.lock.lock();
        try {
            Optional<TransactionHeader> before = received(name);
            Optional<Database> database = set.find(name);
            long[] checksums = new long[before.map(TransactionHeader::commit).orElse(0)];
            for (int i = 0; i < checksums.length; i++) {
                checksums[i] = checksum(inbox, database, before, i + 1);
            }
            return checksums;
        } finally {
            inbox.lock.unlock();
        }
    }

    @Override
    public void flush(long lsn, FlushCallback callback) {
        log.flush(lsn, callback);
    }

    @Override
    public void onArrival(Consumer<String> listener) {
        listeners.add(listener);
    }

    // ---- applying

    @Override
    public Optional<Arrival> next(String database) {
        Inbox inbox = inboxes.get(database);
        if (inbox == null) {
            return Optional.empty();
        }
        Inbox.Waiting oldest = locked(inbox, inbox.waiting::peekFirst);
        return oldest == null ? Optional.empty() : Optional.of(oldest.arrival);
    }

    @Override
    public List<Arrival> waiting(String database, int max) {
        Inbox inbox = inboxes.get(database);
        if (inbox == null) {
            return List.of();
        }
        List<Arrival> first = locked(
                inbox,
                () -> inbox.waiting.stream()
                        .limit(max)
                        .map(waits -> waits.arrival)
                        .toList());
        return first == null ? List.of() : first;
    }

    @Override
    public void pages(Arrival arrival, PageVisitor visitor) throws DiskException {
        Inbox.Waiting oldest = waiting(arrival);
        SlotPages kept = oldest.kept();
        if (kept == null) {
            log.pages(oldest.entry, visitor);
            return;
        }
        java.nio.ByteBuffer page = java.nio.ByteBuffer.allocate(kept.store().slotSize());
        for (int i = 0; i < kept.count(); i++) {
            page.clear();
            kept.copy(i, page);
            visitor.page(kept.pgno(i), kept.checksum(i), page.flip());
        }
    }

    @Override
    public void applyToFile(Arrival arrival) throws IOException {
        Inbox.Waiting oldest = oldest(arrival);
        TransactionHeader header = arrival.header();
        if (!oldest.applied) {
            if (header.image() == Image.DROP) {
                drop(arrival);
            } else {
                write(oldest);
            }
            oldest.applied = true;
        }
        awaitInvalidations(header.database());
        done(header.database(), oldest);
    }

    private void drop(Arrival arrival) throws DiskException {
        // The file may only be removed by what recovery would do as well.
        log.flushAndWait(arrival.lsn());
        set.applyDrop(arrival.header(), arrival.lsn());
    }

    private void write(Inbox.Waiting oldest) throws IOException {
        Arrival arrival = oldest.arrival;
        TransactionHeader header = arrival.header();
        Optional<Database> there = set.find(header.database());
        if (there.isEmpty()) {
            // A file without its transaction would be taken for a plain one after a power cut.
            log.flushAndWait(arrival.lsn());
        }
        SlotPages pages = takePages(oldest);
        boolean done = false;
        try {
            Database database = there.isPresent() ? there.get() : set.createReceived(header);
            try {
                database.applyReceived(header, arrival.lsn(), pages);
                done = true;
            } finally {
                if (there.isEmpty()) {
                    set.createdReceived(database, done);
                }
            }
            database.takeOwner(header);
        } finally {
            if (!done) {
                pages.store().close();
            }
        }
    }

    private SlotPages takePages(Inbox.Waiting oldest) throws DiskException {
        SlotPages kept = oldest.takeKept();
        if (kept != null) {
            return kept;
        }
        TransactionHeader header = oldest.arrival.header();
        int slotSize = header.commit() == 0 ? 512 : header.pageSize();
        try (IncomingPages read = new IncomingPages(header, services.newSlots(slotSize))) {
            log.pages(oldest.entry, read);
            return read.take();
        }
    }

    private void awaitInvalidations(String database) throws DiskException {
        CountDownLatch invalidated = new CountDownLatch(1);
        services.host().afterInvalidations(invalidated::countDown);
        try {
            if (invalidated.await(INVALIDATE_SECONDS_MAX, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new DiskException(
                Errno.EIO, database + ": the kernel has not dropped pages that changed; it is tried again");
    }

    @Override
    public void expectFrames(Arrival arrival) throws DiskException {
        Inbox.Waiting oldest = waiting(arrival);
        Database database = set.find(arrival.header().database())
                .orElseThrow(() ->
                        new DiskException(Errno.ENOENT, arrival.header().database() + " has no file yet, so no WAL"));
        SlotPages kept = oldest.kept();
        if (kept != null) {
            database.expectFrames(arrival.header(), arrival.lsn(), kept.pgnos(), kept.checksums());
            return;
        }
        int[] pgnos = new int[arrival.pages()];
        long[] checksums = new long[arrival.pages()];
        log.table(oldest.entry, (index, pgno, checksum) -> {
            pgnos[index] = pgno;
            checksums[index] = checksum;
        });
        database.expectFrames(arrival.header(), arrival.lsn(), pgnos, checksums);
    }

    @Override
    public boolean framesWritten(Arrival arrival) {
        Inbox.Waiting oldest = oldest(arrival);
        Optional<Database> database = set.find(arrival.header().database());
        if (database.isEmpty() || !database.get().framesWritten(arrival.lsn())) {
            return false;
        }
        database.get().takeOwner(arrival.header());
        done(arrival.header().database(), oldest);
        return true;
    }

    private Inbox.Waiting waiting(Arrival arrival) {
        Inbox inbox = inboxes.get(arrival.header().database());
        if (inbox != null) {
            inbox.lock.lock();
            try {
                for (Inbox.Waiting waits : inbox.waiting) {
                    if (waits.arrival.lsn() == arrival.lsn()) {
                        return waits;
                    }
                }
            } finally {
                inbox.lock.unlock();
            }
        }
        throw new IllegalStateException(
                arrival.header().database() + ": record " + arrival.lsn() + " does not wait to be applied");
    }

    private Inbox.Waiting oldest(Arrival arrival) {
        Inbox inbox = inboxes.get(arrival.header().database());
        Inbox.Waiting oldest = inbox == null ? null : locked(inbox, inbox.waiting::peekFirst);
        if (oldest == null || oldest.arrival.lsn() != arrival.lsn()) {
            throw new IllegalStateException(
                    arrival.header().database() + ": record " + arrival.lsn() + " is not the next to be applied");
        }
        return oldest;
    }

    private void done(String database, Inbox.Waiting oldest) {
        Inbox inbox = inboxes.get(database);
        if (inbox == null) {
            return;
        }
        inbox.lock.lock();
        try {
            inbox.waiting.pollFirst();
            inbox.updateKeep();
            if (inbox.waiting.isEmpty()) {
                inbox.sums.clear();
            } else {
                inbox.sums.applied(oldest.arrival.lsn());
            }
        } finally {
            inbox.lock.unlock();
        }
        oldest.close();
        keptBytes.addAndGet(-oldest.keptBytes());
        waiting.decrementAndGet();
    }

    // ---- positions of others

    @Override
    public Map<String, Place> locate(Map<String, Position> positions) throws DiskException {
        return new Locator(log, positions).run();
    }

    private static <T> @Nullable T locked(Inbox inbox, java.util.function.Supplier<@Nullable T> body) {
        inbox.lock.lock();
        try {
            return body.get();
        } finally {
            inbox.lock.unlock();
        }
    }

    /** Gives up what is kept of those that wait. */
    void close() {
        for (Inbox inbox : new ArrayList<>(inboxes.values())) {
            inbox.lock.lock();
            try {
                inbox.waiting.forEach(Inbox.Waiting::close);
            } finally {
                inbox.lock.unlock();
            }
        }
    }
}
