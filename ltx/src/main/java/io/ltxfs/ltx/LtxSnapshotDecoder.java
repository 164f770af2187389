package io.ltxfs.ltx;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/** Turns a snapshot into a database file. */
public final class LtxSnapshotDecoder {
    private LtxSnapshotDecoder() {}

    /**
     * Writes the pages in order, zeros for the lock page. The output may be a pipe; what is in it counts only once
     * this returned.
     *
     * @param reader with nothing read but the header
     * @throws LtxFormatException if the file is wrong or no snapshot
     */
    public static LtxSummary decode(LtxReader reader, OutputStream database) throws IOException {
        LtxHeader header = reader.header();
        if (!header.isSnapshot()) {
            throw new LtxFormatException(
                    LtxError.NOT_A_SNAPSHOT,
                    LtxLayout.MIN_TXID_OFFSET,
                    "the file holds the changes of transaction " + Txid.format(header.minTxid())
                            + " on, not the whole database");
        }
        int lockPgno = header.lockPgno();
        byte[] page = new byte[header.pageSize()];
        int last = 0;
        for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
            // The reader has seen to it that no other page is left out.
            if (last + 1 == lockPgno) {
                database.write(new byte[header.pageSize()]);
            }
            database.write(page);
            last = pgno;
        }
        if (header.commit() == lockPgno) {
            database.write(new byte[header.pageSize()]);
        }
        LtxSummary summary = reader.finish();
        database.flush();
        return summary;
    }

    /**
     * Writes a database file, or replaces one. It appears whole and durable or not at all.
     *
     * @throws LtxFormatException naming the snapshot's file, if it is wrong or no snapshot
     */
    public static LtxSummary decode(Path snapshot, Path database) throws IOException {
        try (LtxReader reader = LtxReader.open(snapshot);
                FileReplacement replacement = FileReplacement.of(database);
                OutputStream out = new BufferedOutputStream(replacement.stream(), 1 << 16)) {
            LtxSummary summary = decode(reader, out);
            replacement.commit();
            return summary;
        } catch (LtxFormatException e) {
            throw e.in(snapshot.toString());
        }
    }
}
