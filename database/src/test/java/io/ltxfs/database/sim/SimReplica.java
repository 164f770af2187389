package io.ltxfs.database.sim;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Handle;
import io.ltxfs.database.SqliteFile;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.Errno;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.receive.Arrival;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.database.sqlite.WalLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/** A node that receives and applies, with what a mount would do for it: frames of a WAL, checkpoints, WAL restarts. */
final class SimReplica {
    private static final int WAL_FORMAT = 3007000;

    /** A transaction as it comes over the wire. */
    record Sent(TransactionHeader header, TreeMap<Integer, byte[]> pages) {}

    /** The WAL of one database as its writer knows it. */
    private static final class Wal {
        final SqliteFile file;
        final Handle handle = new Handle(true, true, 0);
        final Map<Integer, byte[]> pages = new TreeMap<>();
        int frames;
        int commit;
        long salts;
        long checksum;

        Wal(SqliteFile file) {
            this.file = file;
            file.opened(handle);
        }
    }

    final SimDisk disk;
    final SimHost host = new SimHost();
    final DatabaseSet set;
    final Receiver receiver;
    private final Random draw;
    private final double walShare;
    private final Map<String, Wal> wals = new HashMap<>();
    int byFrames;
    int byFile;

    /** @param walShare how many of the transactions go by a WAL, 0 to 1, where they can */
    SimReplica(SimDisk disk, DatabaseSetOptions options, Random draw, double walShare) throws DiskException {
        this.disk = disk;
        this.draw = draw;
        this.walShare = walShare;
        set = DatabaseSet.open(disk, options, host);
        receiver = set.receiver();
    }

    long receive(Sent sent) throws IOException {
        return receiver.receive(sent.header(), visitor -> visit(sent, visitor));
    }

    static void visit(Sent sent, io.ltxfs.database.log.TransactionLog.PageVisitor visitor) throws DiskException {
        for (Map.Entry<Integer, byte[]> page : sent.pages().entrySet()) {
            visitor.page(page.getKey(), 0, ByteBuffer.wrap(page.getValue()));
        }
    }

    /** Applies the next transaction of a database; its header, or null if there is none. */
    Arrival apply(String name) throws IOException {
        Optional<Arrival> next = receiver.next(name);
        if (next.isEmpty()) {
            return null;
        }
        Arrival arrival = next.get();
        Optional<Database> database = set.find(name);
        if (database.isPresent() && draw.nextDouble() < walShare && frames(database.get(), arrival)) {
            byFrames++;
        } else {
            if (database.isPresent()) {
                removeWal(database.get());
            }
            receiver.applyToFile(arrival);
            byFile++;
        }
        host.runAnswers();
        return arrival;
    }

    private boolean frames(Database database, Arrival arrival) throws DiskException {
        try {
            receiver.expectFrames(arrival);
        } catch (DiskException e) {
            return false;
        }
        if (draw.nextInt(7) == 0) {
            // Not every time does it come to that.
            if (receiver.framesWritten(arrival)) {
                throw new AssertionError("written without a frame");
            }
            receiver.expectFrames(arrival);
        }
        Wal wal = wals.get(database.name());
        if (wal == null) {
            wal = new Wal(database.createWal());
            wals.put(database.name(), wal);
        }
        List<byte[]> pages = new ArrayList<>();
        List<Integer> pgnos = new ArrayList<>();
        receiver.pages(arrival, (pgno, checksum, page) -> {
            byte[] bytes = new byte[page.remaining()];
            page.get(bytes);
            pages.add(bytes);
            pgnos.add(pgno);
        });
        if (wal.frames == 0) {
            begin(wal, arrival.header().pageSize());
        }
        if (draw.nextInt(8) == 0) {
            refused(wal, pgnos, pages, arrival.header().commit());
        }
        write(wal, pgnos, pages, arrival.header().commit());
        database.walPublished(wal.frames);
        if (!receiver.framesWritten(arrival)) {
            throw new AssertionError("the frames did not make the transaction");
        }
        if (draw.nextInt(6) == 0) {
            checkpoint(database, wal);
            if (draw.nextInt(2) == 0) {
                wal.frames = 0;
                wal.pages.clear();
            }
        }
        return true;
    }

    private void begin(Wal wal, int pageSize) {
        byte[] header = new byte[WalLayout.HEADER_SIZE];
        wal.salts = draw.nextLong();
        ByteBuffer out = ByteBuffer.wrap(header);
        out.putInt(WalLayout.MAGIC)
                .putInt(WAL_FORMAT)
                .putInt(pageSize)
                .putInt(0)
                .putLong(wal.salts);
        wal.checksum = WalLayout.checksum(0, false, header, 0, 24);
        out.putLong(wal.checksum);
        call(done -> wal.file.write(wal.handle, 0, ByteBuffer.wrap(header), done));
    }

    /** Frames that are not quite the transaction are refused, and written again. */
    private void refused(Wal wal, List<Integer> pgnos, List<byte[]> pages, int commit) {
        List<byte[]> wrong = new ArrayList<>(pages);
        int at = draw.nextInt(pages.size());
        byte[] page = pages.get(at).clone();
        page[draw.nextInt(page.length)] ^= 1;
        wrong.set(at, page);
        long checksum = wal.checksum;
        ByteBuffer frames = frames(wal, pgnos, wrong, commit);
        wal.checksum = checksum;
        int[] errno = {0};
        wal.file.write(
                wal.handle, WalLayout.frameOffset(wal.frames + 1, page.length), frames, result -> errno[0] = result);
        if (errno[0] != Errno.EIO) {
            throw new AssertionError("frames of something else were taken");
        }
    }

    private static ByteBuffer frames(Wal wal, List<Integer> pgnos, List<byte[]> pages, int commit) {
        int pageSize = pages.get(0).length;
        ByteBuffer out = ByteBuffer.allocate((WalLayout.FRAME_HEADER_SIZE + pageSize) * pages.size());
        for (int i = 0; i < pages.size(); i++) {
            int at = out.position();
            out.putInt(pgnos.get(i)).putInt(i == pages.size() - 1 ? commit : 0).putLong(wal.salts);
            wal.checksum = WalLayout.checksum(wal.checksum, false, out.array(), at, 8);
            wal.checksum = WalLayout.checksum(wal.checksum, false, pages.get(i), 0, pageSize);
            out.putLong(wal.checksum).put(pages.get(i));
        }
        return out.flip();
    }

    /** All frames in one call, or in two that are cut anywhere. */
    private void write(Wal wal, List<Integer> pgnos, List<byte[]> pages, int commit) {
        int pageSize = pages.get(0).length;
        ByteBuffer out = frames(wal, pgnos, pages, commit);
        for (int i = 0; i < pages.size(); i++) {
            wal.pages.put(pgnos.get(i), pages.get(i));
        }
        long offset = WalLayout.frameOffset(wal.frames + 1, pageSize);
        int cut = draw.nextInt(3) == 0 ? 1 + draw.nextInt(out.capacity() - 1) : out.capacity();
        byte[] all = out.array();
        call(done -> wal.file.write(wal.handle, offset, ByteBuffer.wrap(all, 0, cut), done));
        if (cut < all.length) {
            call(done -> wal.file.write(wal.handle, offset + cut, ByteBuffer.wrap(all, cut, all.length - cut), done));
        }
        wal.frames += pages.size();
        wal.commit = commit;
        wal.pages.keySet().removeIf(pgno -> Integer.compareUnsigned(pgno, commit) > 0);
    }

    private void checkpoint(Database database, Wal wal) {
        if (wal.frames == 0) {
            return;
        }
        int pageSize = database.status().pageSize();
        Handle handle = new Handle(true, true, 0);
        wal.pages.forEach((pgno, page) ->
                call(done -> database.file().write(handle, (pgno - 1L) * pageSize, ByteBuffer.wrap(page), done)));
        call(done -> database.file().truncate(handle, (long) wal.commit * pageSize, done));
        call(done -> database.file().sync(handle, done));
    }

    void removeWal(Database database) {
        Wal wal = wals.remove(database.name());
        if (wal != null) {
            checkpoint(database, wal);
            wal.file.released(wal.handle);
            call(database::unlinkWal);
        }
    }

    /** What a reader sees. */
    byte[] content(String name) throws DiskException {
        Database database = set.find(name).orElseThrow();
        byte[] content = Checker.content(database);
        Wal wal = wals.get(name);
        if (wal == null || wal.frames == 0) {
            return content;
        }
        int pageSize = database.status().pageSize();
        byte[] seen = java.util.Arrays.copyOf(content, wal.commit * pageSize);
        wal.pages.forEach((pgno, page) -> System.arraycopy(page, 0, seen, (pgno - 1) * pageSize, pageSize));
        return seen;
    }

    private void call(java.util.function.Consumer<io.ltxfs.database.Completion> call) {
        int[] errno = {-1};
        call.accept(result -> errno[0] = result);
        while (host.runAnswers() || errno[0] == -1 && host.runTask()) {
            // Until it is answered.
        }
        if (errno[0] != 0) {
            throw new AssertionError("a call of the replica's own ended with errno " + errno[0]);
        }
    }
}
