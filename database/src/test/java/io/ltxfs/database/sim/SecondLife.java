package io.ltxfs.database.sim;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.disk.DiskException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Commits a few transactions on databases that were just recovered, cuts the power, and looks for them again. */
final class SecondLife {
    private final DatabaseSet set;
    private final SimDisk disk;
    private final SimHost host;
    private final DatabaseSetOptions options;
    private final Random draw;

    SecondLife(DatabaseSet set, SimDisk disk, SimHost host, DatabaseSetOptions options, Random draw) {
        this.set = set;
        this.disk = disk;
        this.host = host;
        this.options = options;
        this.draw = draw;
    }

    List<String> live(List<String> names) throws DiskException {
        List<String> wrong = new ArrayList<>();
        Optional<Database> found = names.stream()
                .flatMap(name -> set.find(name).stream())
                .filter(database -> database.file().size() > 0)
                .findFirst();
        if (found.isEmpty()) {
            return wrong;
        }
        Database database = found.get();
        String name = database.name();
        long txid = database.position().txid();
        byte[] content = Checker.content(database);
        int commits = 1 + draw.nextInt(2);
        for (int i = 0; i < commits; i++) {
            content = commit(database, content);
            if (draw.nextBoolean()) {
                host.runTask();
            }
        }
        if (database.position().txid() != txid + commits) {
            wrong.add("second life: TXID " + database.position().txid() + " after " + txid + " and " + commits
                    + " commits");
        }
        SimDisk image = disk.powerCut(draw.nextLong());
        DatabaseSet again = DatabaseSet.open(image, options, new SimHost());
        Optional<Database> back = again.find(name);
        if (back.isEmpty()) {
            wrong.add("second life: " + name + " is gone");
        } else if (back.get().position().txid() != txid + commits) {
            wrong.add("second life: TXID " + back.get().position().txid() + " is recovered, " + (txid + commits)
                    + " was committed");
        } else if (!Arrays.equals(Checker.content(back.get()), content)) {
            wrong.add("second life: the content differs");
        }
        return wrong;
    }

    /** Counts the change counter of page 1 up, as a SQLite in DELETE mode with synchronous=FULL writes it. */
    private byte[] commit(Database database, byte[] content) throws DiskException {
        int pageSize = SqliteImage.pageSize(content);
        byte[] page = Arrays.copyOf(content, pageSize);
        ByteBuffer header = ByteBuffer.wrap(page);
        int counter = header.getInt(24) + 1;
        header.putInt(24, counter).putInt(92, counter).putInt(60, draw.nextInt());
        byte[] after = content.clone();
        System.arraycopy(page, 0, after, 0, pageSize);

        Transaction transaction = new Transaction(database, host);
        transaction.begin();
        transaction.journal(content, List.of(1));
        transaction.write(0, page);
        transaction.sync();
        transaction.end();
        return after;
    }
}
