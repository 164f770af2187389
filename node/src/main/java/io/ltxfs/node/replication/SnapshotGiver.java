package io.ltxfs.node.replication;

import com.google.protobuf.ByteString;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.TransactionSummary;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.LtxWriter;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.ltx.PageCoding;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.replicationproto.SnapshotAnswer;
import io.ltxfs.replicationproto.SnapshotEnd;
import io.ltxfs.replicationproto.SnapshotHead;
import io.ltxfs.replicationproto.SnapshotOpen;
import io.ltxfs.replicationproto.TransactionHead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gives the pages of one database that differ from the caller's. No lock of SQLite's is taken, and commits go on. */
final class SnapshotGiver {
    private static final int HISTORY_MAX = 4096;

    /** The checksums of the caller's pages, in order. */
    interface Checksums {
        /** The next one; 0 if the caller does not have the page. Waits for it. */
        long next() throws IOException;
    }

    private final DatabaseSet databases;
    private final Receiver receiver;

    SnapshotGiver(DatabaseSet databases, Receiver receiver) {
        this.databases = databases;
        this.receiver = receiver;
    }

    void give(long epoch, SnapshotOpen open, Checksums checksums, Answer<SnapshotAnswer> answer) throws IOException {
        String database = open.getDatabase();
        TransactionHeader last = receiver.received(database)
                .orElseThrow(() -> new IOException(Messages.brief(database) + ": there is no such database here"));
        if (last.image() == TransactionHeader.Image.DROP
                && databases.find(database).isEmpty()) {
            answer.write(head(epoch, last, TransactionHead.Image.DROP));
            answer.write(end(epoch, 0));
            return;
        }
        Pages pages = new Pages(epoch, open, checksums, answer);
        databases.image(database, header -> {
            answer.write(head(epoch, header, TransactionHead.Image.FULL));
            pages.begin(header);
            return pages;
        });
        pages.finish();
    }

    private SnapshotAnswer head(long epoch, TransactionHeader header, TransactionHead.Image image) throws IOException {
        SnapshotHead.Builder head = SnapshotHead.newBuilder().setPosition(Messages.head(header, image, 0));
        List<TransactionSummary> history = databases.history(header.database());
        for (TransactionSummary one : history.subList(Math.max(0, history.size() - HISTORY_MAX), history.size())) {
            head.addHistory(Messages.place("", new Place(one.txid(), one.postApplyChecksum())));
        }
        return SnapshotAnswer.newBuilder().setEpoch(epoch).setHead(head).build();
    }

    private static SnapshotAnswer end(long epoch, int pages) {
        return SnapshotAnswer.newBuilder()
                .setEpoch(epoch)
                .setEnd(SnapshotEnd.newBuilder().setPages(pages))
                .build();
    }

    /** Takes the whole database, passes on what differs. */
    private static final class Pages implements WritableByteChannel {
        private final long epoch;
        private final SnapshotOpen open;
        private final Checksums checksums;
        private final Answer<SnapshotAnswer> answer;
        private final ChunkStream chunks;
        private byte[] page = {};
        private int filled;
        private int pgno;
        private int sent;
        private int lockPage;
        private boolean comparable;
        private @Nullable LtxWriter writer;

        Pages(long epoch, SnapshotOpen open, Checksums checksums, Answer<SnapshotAnswer> answer) {
            this.epoch = epoch;
            this.open = open;
            this.checksums = checksums;
            this.answer = answer;
            this.chunks = new ChunkStream(this::send);
        }

        void begin(TransactionHeader header) throws IOException {
            if (header.commit() == 0) {
                return; // No page is left, and no LTX file without checksums can say so.
            }
            page = new byte[header.pageSize()];
            comparable = header.pageSize() == open.getPageSize();
            lockPage = LockPage.pgno(header.pageSize());
            writer = new LtxWriter(chunks, LtxForm.pagesOnly(header), PageCoding.BLOCK);
        }

        private void send(ByteString part) throws IOException {
            answer.write(
                    SnapshotAnswer.newBuilder().setEpoch(epoch).setLtx(part).build());
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            int count = source.remaining();
            while (source.hasRemaining()) {
                int part = Math.min(page.length - filled, source.remaining());
                source.get(page, filled, part);
                filled += part;
                if (filled == page.length) {
                    filled = 0;
                    pgno++;
                    whole();
                }
            }
            return count;
        }

        private void whole() throws IOException {
            long theirs = Integer.compareUnsigned(pgno, open.getPages()) <= 0 ? checksums.next() : 0;
            if (pgno == lockPage || writer == null) {
                return;
            }
            if (comparable && theirs != 0 && theirs == PageChecksum.of(pgno, page, 0, page.length)) {
                return;
            }
            writer.writePage(pgno, page, 0);
            sent++;
        }

        void finish() throws IOException {
            if (writer != null) {
                writer.finish(0);
                chunks.end();
            }
            answer.write(SnapshotGiver.end(epoch, sent));
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }
}
