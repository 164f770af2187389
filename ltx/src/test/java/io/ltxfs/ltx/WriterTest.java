package io.ltxfs.ltx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import org.junit.jupiter.api.Test;

final class WriterTest {
    private static final long POST = PageChecksum.FLAG | 7;

    private static LtxHeader delta(int commit) {
        return LtxHeader.delta(512, commit, 2, 2, 0, PageChecksum.FLAG | 5);
    }

    private static LtxWriter writer(LtxHeader header) throws IOException {
        return new LtxWriter(OutputStream.nullOutputStream(), header);
    }

    private static void refused(LtxError error, LtxHeader header, int... pgnos) throws IOException {
        LtxWriter writer = writer(header);
        for (int i = 0; i < pgnos.length - 1; i++) {
            writer.writePage(pgnos[i], new byte[512], 0);
        }
        long at = writer.size();
        LtxFormatException refusal = assertThrows(
                LtxFormatException.class, () -> writer.writePage(pgnos[pgnos.length - 1], new byte[512], 0));
        assertEquals(error, refusal.error());
        assertEquals(at, refusal.offset());
    }

    private static LtxFormatException finishRefused(LtxHeader header, long postApply, int... pgnos) throws IOException {
        LtxWriter writer = writer(header);
        for (int pgno : pgnos) {
            writer.writePage(pgno, new byte[512], 0);
        }
        LtxFormatException refusal = assertThrows(LtxFormatException.class, () -> writer.finish(postApply));
        assertThrows(IllegalStateException.class, () -> writer.finish(postApply));
        return refusal;
    }

    @Test
    void pagesMustBeInOrderAndWithinTheDatabase() throws IOException {
        refused(LtxError.PGNO_REQUIRED, delta(3), 0);
        refused(LtxError.PGNO_OUT_OF_BOUNDS, delta(3), 4);
        refused(LtxError.PGNO_OUT_OF_BOUNDS, delta(3), -1);
        refused(LtxError.PAGE_ORDER, delta(3), 2, 1);
        refused(LtxError.PAGE_ORDER, delta(3), 2, 2);
        refused(LtxError.LOCK_PAGE, delta(2097154), 2097152, 2097153);
        refused(LtxError.SNAPSHOT_GAP, LtxHeader.snapshot(512, 3, 1, 0), 2);
        refused(LtxError.SNAPSHOT_GAP, LtxHeader.snapshot(512, 3, 1, 0), 1, 3);
        refused(LtxError.PAGE_ORDER, LtxHeader.snapshot(512, 3, 1, 0), 1, 2, 1);
    }

    /** A refused page leaves the file as it was: the right page can follow. */
    @Test
    void refusedPageCanBeFollowedByTheRightOne() throws IOException {
        LtxWriter writer = writer(delta(3));
        assertThrows(LtxFormatException.class, () -> writer.writePage(4, new byte[512], 0));
        writer.writePage(3, new byte[512], 0);
        assertEquals(1, writer.finish(POST).pages());
    }

    @Test
    void trailerMustFitTheHeader() throws IOException {
        assertEquals(LtxError.POST_APPLY_REQUIRED, finishRefused(delta(3), 0).error());
        LtxFormatException format = finishRefused(delta(3), 7, 1);
        assertEquals(LtxError.POST_APPLY_FORMAT, format.error());
        assertEquals(
                LtxError.POST_APPLY_NOT_ALLOWED,
                finishRefused(delta(3).withoutChecksums(), POST).error());
        assertEquals(
                LtxError.POST_APPLY_NOT_EMPTY, finishRefused(delta(0), POST).error());
        assertEquals(
                LtxError.POST_APPLY_NOT_EMPTY,
                finishRefused(delta(0).withoutChecksums(), 0).error());
        LtxHeader snapshot = LtxHeader.snapshot(512, 2, 1, 0);
        assertEquals(
                LtxError.SNAPSHOT_INCOMPLETE, finishRefused(snapshot, POST, 1).error());
        assertEquals(
                LtxError.POST_APPLY_MISMATCH,
                finishRefused(snapshot, POST, 1, 2).error());
        assertEquals(
                LtxError.SNAPSHOT_INCOMPLETE,
                finishRefused(LtxHeader.snapshot(512, 3, 1, 0), POST).error());
    }

    @Test
    void headerRulesHoldBeforeAByteIsWritten() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxHeader[] wrong = {
            LtxHeader.snapshot(513, 1, 1, 0),
            LtxHeader.delta(512, 1, 0, 1, 0, POST),
            LtxHeader.delta(512, 1, 3, 2, 0, POST),
            LtxHeader.delta(512, 1, -1, 1, 0, POST),
            LtxHeader.delta(512, 1, 2, 2, 0, 0),
            LtxHeader.delta(512, 1, 2, 2, 0, 7),
            LtxHeader.delta(512, 1, 1, 2, 0, POST),
            delta(1).withWal(0, 0, 1, 0),
            delta(1).withWal(0, 1, 0, 0),
            delta(1).withWal(-1, 0, 0, 0)
        };
        for (LtxHeader header : wrong) {
            assertThrows(LtxFormatException.class, () -> new LtxWriter(out, header), header.toString());
        }
        assertEquals(0, out.size());
    }

    @Test
    void fileWithoutPagesHasTheSmallestSize() throws IOException {
        LtxWriter writer = writer(delta(0));
        assertEquals(131, writer.finish(PageChecksum.EMPTY).size());
        LtxWriter snapshot = writer(LtxHeader.snapshot(512, 0, 9, 0));
        assertEquals(PageChecksum.EMPTY, snapshot.finish().trailer().postApplyChecksum());
    }

    @Test
    void callsOutOfOrderAreBugs() throws IOException {
        LtxWriter writer = writer(delta(3));
        assertThrows(IllegalStateException.class, writer::finish);
        writer.finish(POST);
        assertThrows(IllegalStateException.class, () -> writer.finish(POST));
        assertThrows(IllegalStateException.class, () -> writer.writePage(1, new byte[512], 0));
        LtxReader reader = LtxReader.open(Golden.DIR.resolve("ps512/0000000000000001-0000000000000001.ltx"));
        assertThrows(IllegalStateException.class, reader::finish);
        assertThrows(IllegalArgumentException.class, () -> reader.nextPage(new byte[511]));
        LtxSummary summary = reader.drain();
        assertEquals(summary, reader.finish());
        assertThrows(IllegalStateException.class, () -> reader.nextPage(new byte[512]));
        reader.close();
    }

    @Test
    void pagesComeFromAnyBufferAndGoToAnyOutput() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LtxWriter writer = new LtxWriter(Channels.newChannel(out), LtxHeader.snapshot(512, 2, 1, 0));
        ByteBuffer direct = ByteBuffer.allocateDirect(600);
        direct.put(80, (byte) 9);
        writer.writePage(1, direct, 80);
        byte[] array = new byte[600];
        array[70] = 8;
        writer.writePage(2, ByteBuffer.wrap(array), 70);
        assertThrows(IndexOutOfBoundsException.class, () -> writer.writePage(2, direct, 89));
        writer.finish();
        LtxReader reader = LtxReader.open(new ByteArrayInputStream(out.toByteArray()));
        byte[] page = new byte[512];
        assertEquals(1, reader.nextPage(page));
        assertEquals(9, page[0]);
        assertEquals(2, reader.nextPage(page));
        assertEquals(8, page[0]);
        assertEquals(0, reader.nextPage(page));
        assertEquals(0, reader.nextPage(page));
        assertEquals(out.size(), reader.finish().size());
    }

    /** At the lock page a snapshot jumps; as the last page it is left out. */
    @Test
    void snapshotSkipsTheLockPage() throws IOException {
        int lockPgno = LockPage.pgno(65536);
        PageOrder order = new PageOrder(LtxHeader.snapshot(65536, lockPgno + 1, 1, 0));
        for (int pgno = 1; pgno < lockPgno; pgno++) {
            order.next(pgno, 0);
        }
        assertThrows(LtxFormatException.class, () -> order.end(0));
        assertThrows(LtxFormatException.class, () -> order.next(lockPgno, 0));
        order.next(lockPgno + 1, 0);
        order.end(0);
        PageOrder last = new PageOrder(LtxHeader.snapshot(65536, lockPgno, 1, 0));
        for (int pgno = 1; pgno < lockPgno; pgno++) {
            last.next(pgno, 0);
        }
        last.end(0);
    }
}
