package io.ltxfs.database.sim;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.Position;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.TransactionHeader;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Looks at a set of databases, running or just recovered, and says what is wrong with it. */
final class Checker {
    private Checker() {}

    /** The bytes of a database as a reader sees them. */
    static byte[] content(Database database) throws DiskException {
        ByteBuffer buffer = ByteBuffer.allocate((int) database.file().size());
        while (buffer.hasRemaining()) {
            if (database.file().read(buffer.position(), buffer) <= 0) {
                throw new IllegalStateException(database.name() + " ends before its size");
            }
        }
        return buffer.array();
    }

    /** After recovery: content, position, checksum and side files of every database, against the oracle. */
    static List<String> recovered(DatabaseSet set, SimDisk disk, List<String> names, Oracle oracle, boolean powerCut)
            throws DiskException {
        List<String> wrong = new ArrayList<>();
        Map<String, String> states = new TreeMap<>();
        for (String name : names) {
            Optional<Database> found = set.find(name);
            if (found.isEmpty()) {
                states.put(name, SqliteImage.EMPTY);
                if (disk.exists(DatabaseSet.FILES + "/" + name)
                        && disk.bytes(DatabaseSet.FILES + "/" + name).length > 0) {
                    wrong.add(name + ": a file is there that is no database");
                }
                continue;
            }
            Database database = found.get();
            if (!database.status().state().equals("ok")) {
                wrong.add(name + " is " + database.status().state() + ": " + database.warnings());
                continue;
            }
            byte[] content = content(database);
            if (!Arrays.equals(content, disk.bytes(DatabaseSet.FILES + "/" + name))) {
                wrong.add(name + ": the file is not what a reader sees");
            }
            if (database.journal().isPresent() || database.wal().isPresent()) {
                wrong.add(name + ": a journal or a WAL is left");
            }
            Position position = database.position();
            long checksum = position.txid() == 0 ? 0 : SqliteImage.checksum(content);
            if (position.checksum() != checksum) {
                wrong.add(name + ": checksum of position " + position + " is not that of the content, "
                        + Long.toHexString(checksum));
            }
            states.put(name, SqliteImage.state(content));
            if (oracle.counts()) {
                String image = oracle.imageAt(name, position.txid());
                if (image != null && !image.equals(SqliteImage.imageHash(content))) {
                    wrong.add(name + ": the content is not that of TXID " + position.txid());
                }
                if (position.txid() > oracle.txids(name) + 1) {
                    wrong.add(name + ": TXID " + position.txid() + " after " + oracle.txids(name) + " transactions");
                }
            }
        }
        wrong.addAll(oracle.check(states, powerCut));
        return wrong;
    }

    /** While it runs, just after a commit: one TXID for each transaction, and its content exported. */
    static List<String> live(DatabaseSet set, Oracle oracle, Mark mark) throws java.io.IOException {
        List<String> wrong = new ArrayList<>();
        for (Map.Entry<String, String> entry : mark.images().entrySet()) {
            String name = entry.getKey();
            Optional<Database> database = set.find(name);
            if (database.isEmpty() || !oracle.counts()) {
                if (database.isEmpty() && !entry.getValue().equals(Mark.NONE)) {
                    wrong.add(name + " is not a database");
                }
                continue;
            }
            Position position = database.get().position();
            if (position.txid() != oracle.txids(name)) {
                wrong.add(name + ": TXID " + position.txid() + " after " + oracle.txids(name) + " transactions");
            } else if (!oracle.fated()) {
                exported(set, name, 0, position, entry.getValue(), wrong);
            }
        }
        return wrong;
    }

    /** Every TXID that the log reaches back to is exported as it was. */
    static List<String> history(DatabaseSet set, Oracle oracle, List<String> names) throws java.io.IOException {
        List<String> wrong = new ArrayList<>();
        if (!oracle.counts()) {
            return wrong;
        }
        for (String name : names) {
            Optional<Database> database = set.find(name);
            if (database.isEmpty()) {
                continue;
            }
            long first = database.get().status().firstTxid();
            for (long txid = Math.max(1, first);
                    first > 0 && txid <= database.get().position().txid();
                    txid++) {
                String image = oracle.imageAt(name, txid);
                if (image != null && !image.equals(Mark.NONE)) {
                    exported(set, name, txid, null, image, wrong);
                }
            }
        }
        return wrong;
    }

    private static void exported(
            DatabaseSet set,
            String name,
            long txid,
            @org.jspecify.annotations.Nullable Position expected,
            String image,
            List<String> wrong)
            throws java.io.IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TransactionHeader written = set.export(name, txid, Channels.newChannel(out));
        Position position = new Position(written.txid(), written.postChecksum());
        byte[] content = out.toByteArray();
        if (expected != null ? !position.equals(expected) : position.txid() != txid) {
            wrong.add(name + ": the export of TXID " + txid + " is at " + position);
        }
        if (position.txid() != 0 && position.checksum() != SqliteImage.checksum(content)) {
            wrong.add(name + ": the export's checksum is not that of " + position);
        }
        if (!SqliteImage.imageHash(content).equals(image)) {
            wrong.add(name + ": the export of TXID " + position.txid() + " is not what a reader saw");
        }
    }
}
