package io.ltxfs.database.sim;

import io.ltxfs.database.Completion;
import io.ltxfs.database.Database;
import io.ltxfs.database.Handle;
import io.ltxfs.database.SqliteFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;

/** One rollback-journal transaction, call by call, as SQLite in DELETE mode with synchronous=FULL makes it. */
final class Transaction {
    private static final long JOURNAL_MAGIC = 0xd9d505f920a163d7L;
    private static final int SECTOR = 512;
    private static final int NONCE = 0x1234567;

    private final Database database;
    private final SimHost host;
    private final Handle handle = new Handle(true, false, 1);
    private final Handle journalHandle = new Handle(true, false, 1);

    Transaction(Database database, SimHost host) {
        this.database = database;
        this.host = host;
    }

    void begin() {
        database.file().opened(handle);
        lockAgain();
    }

    /** Takes SQLite's write lock, which another transaction's end gave up for the whole process. */
    void lockAgain() {
        byte[] lock = ByteBuffer.allocate(9)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .putLong(512)
                .put((byte) 'w')
                .array();
        host.lock(new TraceRecord(TraceRecord.LOCK, 1, 1, 0x40000000L, database.name(), lock));
    }

    /** Writes and syncs a journal with the pre-images of some pages. */
    void journal(byte[] content, List<Integer> pages) {
        journal(content, pages, "");
    }

    /** The same of one database among several. */
    void journal(byte[] content, List<Integer> pages, String superJournal) {
        int pageSize = SqliteImage.pageSize(content);
        SqliteFile journal = database.createJournal();
        journal.opened(journalHandle);
        ByteBuffer header = ByteBuffer.allocate(SECTOR);
        header.putLong(JOURNAL_MAGIC).putInt(0).putInt(NONCE).putInt(content.length / pageSize);
        header.putInt(SECTOR).putInt(pageSize);
        call(done -> journal.write(journalHandle, 0, ByteBuffer.wrap(header.array()), done));
        long offset = SECTOR;
        for (int pgno : pages) {
            ByteBuffer record = ByteBuffer.allocate(pageSize + 8);
            record.putInt(pgno).put(content, (pgno - 1) * pageSize, pageSize);
            int sum = NONCE;
            for (int i = pageSize - 200; i > 0; i -= 200) {
                sum += content[(pgno - 1) * pageSize + i] & 0xff;
            }
            record.putInt(sum).flip();
            long at = offset;
            call(done -> journal.write(journalHandle, at, record, done));
            offset += pageSize + 8;
        }
        if (!superJournal.isEmpty()) {
            byte[] name = superJournal.getBytes(StandardCharsets.UTF_8);
            int sum = 0;
            for (byte b : name) {
                sum += b;
            }
            ByteBuffer tail = ByteBuffer.allocate(name.length + 20);
            tail.putInt(0x40000000 / pageSize + 1).put(name);
            tail.putInt(name.length).putInt(sum).putLong(JOURNAL_MAGIC).flip();
            long at = offset;
            call(done -> journal.write(journalHandle, at, tail, done));
        }
        call(done -> journal.sync(journalHandle, done));
        ByteBuffer count = ByteBuffer.allocate(12)
                .putLong(JOURNAL_MAGIC)
                .putInt(pages.size())
                .flip();
        call(done -> journal.write(journalHandle, 0, count, done));
        call(done -> journal.sync(journalHandle, done));
    }

    void write(long offset, byte[] data) {
        call(done -> database.file().write(handle, offset, ByteBuffer.wrap(data), done));
    }

    void sync() {
        call(done -> database.file().sync(handle, done));
    }

    /** Closes and unlinks the journal: the commit. */
    void end() {
        database.journal().orElseThrow().released(journalHandle);
        call(done -> database.unlinkJournal(1, done));
        host.exited(1);
        database.file().released(handle);
    }

    void call(Consumer<Completion> call) {
        int[] errno = {-1};
        call.accept(result -> errno[0] = result);
        while (host.runAnswers() || errno[0] == -1 && host.runTask()) {
            // Until it is answered.
        }
        if (errno[0] != 0) {
            throw new IllegalStateException("second life: a call ended with errno " + errno[0]);
        }
    }
}
