package io.ltxfs.database.sim;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.Position;
import io.ltxfs.database.TransactionSummary;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.feed.Transaction;
import io.ltxfs.database.feed.TransactionFeed;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.log.TransactionHeader.Image;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Follows the databases of a run as a replica would, and keeps what it is given: it must be what readers saw, nothing may
 * be missing in between, and whatever happens later, nothing of it may be taken back.
 */
final class FeedWatch {
    private static final class Copy {
        long txid;
        long checksum;
        boolean whole;
        TreeMap<Integer, byte[]> pages = new TreeMap<>();

        byte[] content() {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            pages.values().forEach(out::writeBytes);
            return out.toByteArray();
        }
    }

    private final Oracle oracle;
    private final Random draw;
    private final DatabaseSet set;
    private final TransactionFeed.Follower follower;
    private final Map<String, Copy> copies = new HashMap<>();
    private boolean woken;
    private boolean busy;
    private long lastLsn;
    private long releasedLsn;
    private Map<String, Long> releasedTxids = new HashMap<>();
    /** Whether something was lost: then not everything is in the copies. */
    private boolean lost;

    private final List<String> wrong = new ArrayList<>();

    FeedWatch(DatabaseSet set, Oracle oracle, Random draw) {
        this.set = set;
        this.oracle = oracle;
        this.draw = draw;
        this.follower = set.feed().follow("watch", 0, () -> woken = true);
    }

    /** Takes what there is, and says what is wrong with it. */
    List<String> drain() throws DiskException {
        if (!busy && woken) {
            busy = true;
            woken = false;
            takeAll();
            busy = false;
        }
        List<String> found = List.copyOf(wrong);
        wrong.clear();
        return found;
    }

    private void takeAll() throws DiskException {
        if (follower.lost()) {
            copies.clear();
            releasedTxids.clear();
            lost = true;
        }
        for (Transaction next = follower.next(); next != null; next = follower.next()) {
            take(next);
        }
        if (lastLsn > 0 && draw.nextInt(3) == 0) {
            releasedLsn = lastLsn + 1;
            follower.release(releasedLsn);
            releasedTxids = new HashMap<>();
            copies.forEach((name, copy) -> releasedTxids.put(name, copy.txid));
        }
    }

    private void take(Transaction transaction) throws DiskException {
        TransactionHeader header = transaction.header();
        String name = header.database();
        String what = name + ": the feed gives TXID " + header.txid();
        Copy copy = copies.computeIfAbsent(name, n -> new Copy());
        if (transaction.lsn() < lastLsn) {
            wrong.add(what + " at " + transaction.lsn() + " after " + lastLsn);
        }
        if (copy.txid != 0 && (header.txid() != copy.txid + 1 || header.preChecksum() != copy.checksum)) {
            wrong.add(what + " after " + copy.txid);
        }
        lastLsn = transaction.lsn();
        copy.txid = header.txid();
        copy.checksum = header.postChecksum();
        if (header.image() != Image.DELTA) {
            copy.pages.clear();
            copy.whole = header.image() == Image.FULL;
        }
        set.feed().pages(transaction, (pgno, checksum, page) -> {
            byte[] bytes = new byte[page.remaining()];
            page.get(bytes);
            copy.pages.put(pgno, bytes);
        });
        copy.pages.tailMap(header.commit() + 1).clear();
        if (copy.whole && header.commit() != 0) {
            compare(copy, header, what);
        }
    }

    private void compare(Copy copy, TransactionHeader header, String what) {
        byte[] content = copy.content();
        if (SqliteImage.checksum(content) != header.postChecksum()) {
            wrong.add(what + ", whose pages do not have its checksum");
        }
        String image = oracle.counts() ? oracle.imageAt(header.database(), header.txid()) : null;
        if (image != null && !image.equals(SqliteImage.imageHash(content))) {
            wrong.add(what + ", which is not what a reader saw");
        }
    }

    /** All that was committed has been given. */
    List<String> complete() {
        List<String> missing = new ArrayList<>();
        for (Database database : set.all()) {
            Copy copy = copies.get(database.name());
            Position position = database.position();
            if (copy != null ? copy.txid != position.txid() : position.txid() != 0 && !lost) {
                missing.add(database.name() + " is at " + position + ", the feed gave "
                        + (copy == null ? "nothing" : copy.txid));
            }
        }
        return missing;
    }

    /** After a crash: what was given is still there, and a follower that comes back goes on where it has released. */
    List<String> recovered(DatabaseSet again) throws DiskException {
        List<String> found = new ArrayList<>();
        for (Map.Entry<String, Copy> entry : copies.entrySet()) {
            Copy copy = entry.getValue();
            if (copy.txid == 0) {
                continue;
            }
            for (TransactionSummary kept : again.history(entry.getKey())) {
                if (kept.txid() == copy.txid && kept.postApplyChecksum() != copy.checksum) {
                    found.add(entry.getKey() + ": TXID " + copy.txid + " was given away, and is another now");
                }
            }
            long now = again.find(entry.getKey())
                    .map(database -> database.position().txid())
                    .orElse(Long.MAX_VALUE);
            if (now < copy.txid) {
                found.add(entry.getKey() + ": TXID " + copy.txid + " was given away, and " + now + " is recovered");
            }
        }
        Map<String, Long> txids = new HashMap<>(releasedTxids);
        TransactionFeed.Follower second = again.feed().follow("again", Math.max(1, releasedLsn), () -> {});
        if (second.lost()) {
            return found;
        }
        for (Transaction next = second.next(); next != null; next = second.next()) {
            String name = next.header().database();
            long before = txids.getOrDefault(name, lost ? next.txid() - 1 : 0);
            if (next.txid() != before + 1) {
                found.add(name + ": a follower that comes back gets TXID " + next.txid() + " after " + before);
            }
            txids.put(name, next.txid());
        }
        for (Database database : again.all()) {
            long last = txids.getOrDefault(
                    database.name(), lost ? database.position().txid() : 0);
            if (database.position().txid() != last) {
                found.add(database.name() + ": a follower that comes back gets all up to TXID " + last + ", it is at "
                        + database.position());
            }
        }
        second.close();
        return found;
    }
}
