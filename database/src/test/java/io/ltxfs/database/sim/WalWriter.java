package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ltxfs.database.Completion;
import io.ltxfs.database.Database;
import io.ltxfs.database.Handle;
import io.ltxfs.database.SqliteFile;
import io.ltxfs.database.sqlite.WalLayout;
import java.nio.ByteBuffer;

/** An application that writes a WAL. */
final class WalWriter {
    private final SqliteFile wal;
    private final Handle handle;
    private int frames;
    private long checksum;

    WalWriter(Database database) {
        wal = database.createWal();
        handle = new Handle(true, false, 1);
        wal.opened(handle);
        byte[] header = new byte[WalLayout.HEADER_SIZE];
        ByteBuffer out = ByteBuffer.wrap(header);
        out.putInt(WalLayout.MAGIC)
                .putInt(3007000)
                .putInt(Bench.PAGE_SIZE)
                .putInt(0)
                .putLong(77);
        checksum = WalLayout.checksum(0, false, header, 0, 24);
        out.putLong(checksum);
        wal.write(handle, 0, ByteBuffer.wrap(header), errno -> assertEquals(0, errno));
    }

    private WalWriter(WalWriter other) {
        wal = other.wal;
        handle = other.handle;
        frames = other.frames;
        checksum = other.checksum;
    }

    WalWriter copy() {
        return new WalWriter(this);
    }

    void commit(int pgno, byte[] page, Completion completion) {
        ByteBuffer header = ByteBuffer.allocate(WalLayout.FRAME_HEADER_SIZE);
        header.putInt(pgno).putInt(3).putLong(77);
        checksum = WalLayout.checksum(checksum, false, header.array(), 0, 8);
        checksum = WalLayout.checksum(checksum, false, page, 0, page.length);
        header.putLong(checksum).flip();
        long offset = WalLayout.frameOffset(++frames, Bench.PAGE_SIZE);
        int[] errno = {0};
        wal.write(handle, offset, header, result -> errno[0] = result);
        if (errno[0] != 0) {
            completion.done(errno[0]);
            return;
        }
        wal.write(handle, offset + WalLayout.FRAME_HEADER_SIZE, ByteBuffer.wrap(page), completion);
    }
}
