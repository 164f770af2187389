package io.ltxfs.ltx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Applies LTX files to a database file.
 *
 * <p>Nothing is ever half applied: all files are read whole and checked first, then a copy of the database is
 * changed, compared with the checksums, made durable, and renamed over the database. The database must not be open in
 * any program, and all of its transactions must be in the database file itself; neither can be seen from here.
 */
public final class LtxApplier {
    private LtxApplier() {}

    /**
     * Applies files in the given order; the database is created if it does not exist.
     *
     * @return the position that the database has afterwards
     * @throws LtxFormatException naming the file, if one is wrong, they do not follow each other, or the database is
     *     not at the first one's starting point; the database is unchanged then
     */
    public static Pos apply(Path database, List<Path> files) throws IOException {
        if (files.isEmpty()) {
            throw new LtxFormatException(LtxError.NO_INPUT, 0, "there is nothing to apply");
        }
        List<LtxSummary> summaries = verify(database, files);
        boolean replaced = summaries.get(0).header().isSnapshot();
        try (FileReplacement replacement = FileReplacement.of(database)) {
            DatabaseImage image = new DatabaseImage(replacement.channel());
            if (!replaced && Files.exists(database)) {
                image.copyFrom(database);
            }
            for (int i = 0; i < files.size(); i++) {
                Path file = files.get(i);
                try (LtxReader reader = LtxReader.open(file)) {
                    apply(reader, image);
                } catch (LtxFormatException e) {
                    throw e.in(file.toString());
                }
            }
            replacement.commit();
        }
        return summaries.get(summaries.size() - 1).postApplyPos();
    }

    private static List<LtxSummary> verify(Path database, List<Path> files) throws IOException {
        long sizeMax = DatabaseImage.sizeMax(database);
        List<LtxSummary> summaries = new ArrayList<>();
        for (Path file : files) {
            try {
                LtxSummary summary = LtxReader.verify(file);
                LtxHeader header = summary.header();
                if (!summaries.isEmpty()) {
                    checkFollows(summaries.get(summaries.size() - 1).header(), header);
                }
                if (header.databaseSize() > sizeMax) {
                    throw new IOException(file + ": the database would have " + header.databaseSize()
                            + " bytes, the disk has room for " + sizeMax);
                }
                summaries.add(summary);
            } catch (LtxFormatException e) {
                throw e.in(file.toString());
            }
        }
        return summaries;
    }

    private static void checkFollows(LtxHeader previous, LtxHeader next) throws LtxFormatException {
        if (!Txid.isContiguous(previous.maxTxid(), next.minTxid(), next.maxTxid())) {
            throw new LtxFormatException(
                    LtxError.NON_CONTIGUOUS,
                    LtxLayout.MIN_TXID_OFFSET,
                    "transactions " + Txid.format(next.minTxid()) + " to " + Txid.format(next.maxTxid())
                            + " cannot follow transaction " + Txid.format(previous.maxTxid()));
        }
    }

    private static void apply(LtxReader reader, DatabaseImage image) throws IOException {
        LtxHeader header = reader.header();
        image.setPageSize(header.pageSize());
        if (header.isSnapshot()) {
            image.resize(0);
        } else if (header.hasChecksums() && image.checksum() != header.preApplyChecksum()) {
            throw new LtxFormatException(
                    LtxError.PRE_APPLY_MISMATCH,
                    LtxLayout.PRE_APPLY_OFFSET,
                    "the database has checksum " + PageChecksum.format(image.checksum()) + ", the file applies to "
                            + PageChecksum.format(header.preApplyChecksum()));
        }
        byte[] page = new byte[header.pageSize()];
        for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
            image.writePage(pgno, page);
        }
        image.resize(header.databaseSize());
        LtxSummary summary = reader.finish();
        long expected = summary.trailer().postApplyChecksum();
        if (header.hasChecksums() && image.checksum() != expected) {
            throw new LtxFormatException(
                    LtxError.POST_APPLY_MISMATCH,
                    summary.size() - LtxTrailer.SIZE,
                    "the database has checksum " + PageChecksum.format(image.checksum()) + ", the file leads to "
                            + PageChecksum.format(expected));
        }
    }
}
