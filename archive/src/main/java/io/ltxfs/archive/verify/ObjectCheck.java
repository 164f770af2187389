package io.ltxfs.archive.verify;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.bundle.BundleEntry;
import io.ltxfs.archive.bundle.BundleReader;
import io.ltxfs.archive.bundle.BundleTable;
import io.ltxfs.archive.verify.Checked.Claim;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.LtxSummary;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.ContentHash;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Checks single objects: that content, header, name and metadata say the same. What is wrong is a {@link Problem}; a
 * store that fails is an exception, since it says nothing of the object.
 */
final class ObjectCheck {
    /** What lets {@code litestream replicate} go on after our objects. */
    private static final long WAL_OFFSET_OURS = 32;

    private final ObjectStore store;
    private final Consumer<Problem> problems;

    ObjectCheck(ObjectStore store, Consumer<Problem> problems) {
        this.store = store;
        this.problems = problems;
    }

    /**
     * Checks an LTX object.
     *
     * @param whole whether to read all of it; else its header and metadata
     * @param pages where the checksums of its pages go
     * @return empty if it is gone, or not even a part of it can be relied on
     */
    Optional<Checked> ltx(LtxObject object, boolean whole, @Nullable PageSums pages) throws IOException {
        if (object.size() < LtxHeader.SIZE) {
            damaged(object.key(), object.size() == 0 ? "it is empty" : "it is cut off: " + object.size() + " bytes");
            return Optional.empty();
        }
        return guarded(object.key(), () -> {
            try (ObjectContent content = whole ? store.get(object.key()) : store.get(object.key(), 0, LtxHeader.SIZE)) {
                ObjectFacts facts = ObjectFacts.of(content.info(), object.key());
                return whole ? whole(object, content, facts, pages) : header(object, content, facts);
            }
        });
    }

    private Optional<Checked> header(LtxObject object, ObjectContent content, ObjectFacts facts) throws IOException {
        LtxHeader header = LtxHeader.parse(content.readAll());
        header.validate();
        return Optional.of(checked(object, header, facts, Optional.empty()));
    }

    private Optional<Checked> whole(
            LtxObject object, ObjectContent content, ObjectFacts facts, @Nullable PageSums pages) throws IOException {
        long sum = PageChecksum.EMPTY;
        LtxHeader header;
        try (Hashed hashed = new Hashed(content.stream());
                LtxReader reader = LtxReader.open(hashed, content.length())) {
            header = reader.header();
            byte[] page = new byte[header.pageSize()];
            for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
                long one = PageChecksum.of(pgno, page, 0, page.length);
                sum = PageChecksum.toggle(sum, one);
                if (pages != null) {
                    pages.put(pgno, one);
                }
            }
            LtxSummary summary = reader.finish();
            if (summary.size() != content.info().size()) {
                damaged(object.key(), "the store says " + content.info().size() + " bytes, it has " + summary.size());
            }
            hashed.compare(object.key(), content);
        }
        return Optional.of(checked(object, header, facts, header.isSnapshot() ? Optional.of(sum) : Optional.empty()));
    }

    /** @param content the database checksum of a whole database's pages */
    private Checked checked(LtxObject object, LtxHeader header, ObjectFacts facts, Optional<Long> content) {
        String key = object.key();
        if (header.minTxid() != object.minTxid() || header.maxTxid() != object.maxTxid()) {
            damaged(key, "its name is not that of its content, " + header.fileName());
        }
        if (facts.lineage().isEmpty() && isOurs(header)) {
            noMetadata(key);
        }
        if (header.hasChecksums()) {
            damaged(key, "it has database checksums, which no Litestream can restore");
        }
        if (object.level() == io.ltxfs.archive.ArchiveLayout.SNAPSHOT_LEVEL && object.minTxid() != 1) {
            damaged(key, "it lies among the snapshots and is none");
        }
        facts.timestamp().ifPresent(time -> {
            if (time.toEpochMilli() != header.timestampMillis()) {
                damaged(
                        key,
                        "its metadata has the time " + time + ", its content "
                                + java.time.Instant.ofEpochMilli(header.timestampMillis()));
            }
        });
        List<Claim> claims = claims(facts, object.minTxid(), object.maxTxid());
        if (content.isPresent()) {
            long sum = content.get();
            if (facts.postChecksum() != 0 && facts.postChecksum() != sum) {
                damaged(
                        key,
                        "its metadata has the database checksum " + PageChecksum.format(facts.postChecksum())
                                + ", its content " + PageChecksum.format(sum));
            }
            claims.add(new Claim(object.maxTxid(), sum, true));
        }
        return new Checked(
                key, object.level(), object.minTxid(), object.maxTxid(), facts, header.timestampMillis(), claims);
    }

    /** Whether an object is one that ltxfs writes, by its mark in the fields of the WAL. */
    private static boolean isOurs(LtxHeader header) {
        return header.walOffset() == WAL_OFFSET_OURS && header.walSize() == 0 && header.walSalt1() == 0;
    }

    /** The content may be right, but not be the one that was put. */
    private void noMetadata(String key) {
        problems.accept(Problem.misplaced(
                key,
                "its metadata is missing, or belongs to another content: it was changed, or copied without them (in a"
                        + " directory they are hidden files)"));
    }

    private static List<Claim> claims(ObjectFacts facts, long minTxid, long maxTxid) {
        List<Claim> claims = new ArrayList<>();
        if (facts.preChecksum() != 0 && minTxid != 1) {
            claims.add(new Claim(minTxid - 1, facts.preChecksum(), false));
        }
        if (facts.postChecksum() != 0) {
            claims.add(new Claim(maxTxid, facts.postChecksum(), false));
        }
        return claims;
    }

    /**
     * Checks a bundle.
     *
     * @param whole whether to read all of it; else its table and metadata
     * @param pages where the checksums of the newest versions of its pages go
     */
    Optional<Checked> bundle(BundleObject object, boolean whole, @Nullable PageSums pages) throws IOException {
        if (object.size() == 0) {
            damaged(object.key(), "it is empty");
            return Optional.empty();
        }
        return guarded(object.key(), () -> {
            BundleReader reader = BundleReader.open(store, object);
            BundleTable table = reader.table();
            if (table.minTxid() != object.minTxid() || table.maxTxid() != object.maxTxid()) {
                damaged(
                        object.key(),
                        "its name is not that of its content, " + Txid.format(table.minTxid()) + " to "
                                + Txid.format(table.maxTxid()));
            }
            ObjectFacts facts = reader.facts();
            if (facts.lineage().isEmpty()) {
                noMetadata(object.key());
            }
            List<Claim> claims = claims(facts, object.minTxid(), object.maxTxid());
            checkTable(object, table);
            BundleEntry first = table.entry(0);
            BundleEntry last = table.entry(table.count() - 1);
            if (first.txid() != 1 && first.preChecksum() != 0) {
                claims.add(new Claim(first.txid() - 1, first.preChecksum(), whole));
            }
            claims.add(new Claim(last.txid(), last.postChecksum(), whole));
            facts.timestamp()
                    .filter(time -> time.toEpochMilli() != last.timestampMillis())
                    .ifPresent(
                            time -> damaged(object.key(), "its metadata has another time than its content: " + time));
            if (whole) {
                hash(object.key());
                reader.read(object.minTxid(), object.maxTxid(), (entry, ltx) -> entry(object, entry, ltx, pages));
            }
            return Optional.of(new Checked(
                    object.key(),
                    Checked.BUNDLE,
                    object.minTxid(),
                    object.maxTxid(),
                    facts,
                    last.timestampMillis(),
                    claims));
        });
    }

    private void checkTable(BundleObject object, BundleTable table) {
        for (int i = 1; i < table.count(); i++) {
            BundleEntry before = table.entry(i - 1);
            BundleEntry entry = table.entry(i);
            if (entry.txid() != before.txid() + 1
                    || entry.offset() != before.offset() + before.length()
                    || entry.preChecksum() != before.postChecksum()
                    || entry.timestampMillis() < before.timestampMillis()) {
                damaged(
                        object.key(),
                        "transaction " + Txid.format(entry.txid()) + " does not follow the one before it");
                return;
            }
        }
    }

    private void entry(BundleObject object, BundleEntry entry, LtxReader ltx, @Nullable PageSums pages)
            throws IOException {
        LtxHeader header = ltx.header();
        boolean same = header.minTxid() == entry.txid()
                && header.maxTxid() == entry.txid()
                && header.timestampMillis() == entry.timestampMillis()
                && header.pageSize() == entry.pageSize()
                && header.commit() == entry.commit()
                && header.preApplyChecksum() == entry.preChecksum();
        byte[] page = new byte[header.pageSize()];
        if (pages != null && entry.isWhole()) {
            pages.clear(); // perhaps of another page size
        }
        for (int pgno = ltx.nextPage(page); pgno != 0; pgno = ltx.nextPage(page)) {
            if (pages != null) {
                pages.put(pgno, PageChecksum.of(pgno, page, 0, page.length));
            }
        }
        if (pages != null) {
            pages.cut(entry.commit());
        }
        LtxSummary summary = ltx.finish();
        if (!same || summary.trailer().postApplyChecksum() != entry.postChecksum()) {
            damaged(
                    object.key(),
                    "transaction " + Txid.format(entry.txid()) + " is not the one that the bundle's table says");
        }
    }

    /** Reads an object for its hash alone, where the store keeps one of its content. */
    private void hash(String key) throws IOException {
        if (!store.isLocal()) {
            return;
        }
        try (ObjectContent content = store.get(key);
                Hashed hashed = new Hashed(content.stream())) {
            hashed.compare(key, content);
        }
    }

    /** Something that may find an object damaged. */
    private interface Check {
        Optional<Checked> run() throws IOException;
    }

    private Optional<Checked> guarded(String key, Check check) throws IOException {
        try {
            return check.run();
        } catch (LtxFormatException e) {
            damaged(key, "byte " + e.offset() + ": " + e.getMessage());
        } catch (ArchiveException e) {
            if (e.kind() != ArchiveException.Kind.DAMAGED) {
                throw e;
            }
            damaged(key, String.valueOf(e.getMessage()));
        } catch (StoreException e) {
            if (e.kind() == StoreException.Kind.PROTOCOL || e.kind() == StoreException.Kind.RANGE) {
                damaged(key, String.valueOf(e.getMessage()));
            } else if (e.kind() != StoreException.Kind.NOT_FOUND) {
                throw e;
            }
        }
        return Optional.empty();
    }

    private void damaged(String key, String text) {
        problems.accept(Problem.damaged(key, text));
    }

    /** Hashes what is read, where the store says the content's hash: LZ4 has several forms of one content. */
    private final class Hashed extends FilterInputStream {
        private final ContentHash hash = new ContentHash();

        Hashed(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            if (read > 0 && store.isLocal()) {
                hash.update(bytes, offset, read);
            }
            return read;
        }

        void compare(String key, ObjectContent content) throws IOException {
            byte[] buffer = new byte[1 << 16];
            while (read(buffer, 0, buffer.length) >= 0) {
                // the hash is of all of it
            }
            String etag = content.info().etag();
            if (store.isLocal() && !etag.isEmpty() && !etag.equals(hash.finish())) {
                damaged(key, "its bytes are not those that were put (ETag " + etag + ")");
            }
        }
    }
}
