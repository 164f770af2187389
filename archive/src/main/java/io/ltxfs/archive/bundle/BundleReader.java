package io.ltxfs.archive.bundle;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Reads a bundle by ranges: its table from the tail, then what is asked for. Failures are
 * {@link io.ltxfs.archive.ArchiveException} of kind DAMAGED naming the object, or the store's.
 *
 * <p>For use by many threads at once.
 */
public final class BundleReader {
    /** Table and footer of some 500 transactions. */
    private static final int TAIL_READ = 32 * 1024;

    /** Takes one transaction of a bundle. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * One transaction. The reader is at its first page. What is left unread is skipped; that its bytes are those that
         * were written is checked when the visitor has returned.
         *
         * @param ltx the LTX file
         */
        void visit(BundleEntry entry, LtxReader ltx) throws IOException;
    }

    private final ObjectStore store;
    private final BundleObject bundle;
    private final ObjectFacts facts;
    private final BundleTable table;

    private BundleReader(ObjectStore store, BundleObject bundle, ObjectFacts facts, BundleTable table) {
        this.store = store;
        this.bundle = bundle;
        this.facts = facts;
        this.table = table;
    }

    /** Reads the table: one request, two for a large one. */
    public static BundleReader open(ObjectStore store, BundleObject bundle) throws IOException {
        String name = store.describe(bundle.key());
        byte[] tail;
        long size;
        ObjectFacts facts;
        try (ObjectContent content = store.get(bundle.key(), -TAIL_READ, TAIL_READ)) {
            size = content.info().size();
            facts = ObjectFacts.of(content.info(), name);
            tail = readExactly(content, name);
        }
        if (tail.length < BundleLayout.FOOTER_SIZE + BundleLayout.ENTRY_SIZE) {
            throw damaged(name, "it has only " + size + " bytes");
        }
        byte[] footer = new byte[BundleLayout.FOOTER_SIZE];
        System.arraycopy(tail, tail.length - footer.length, footer, 0, footer.length);
        ByteBuffer entries = entries(store, bundle, name, size, tail, footer);
        if (BundleLayout.checksum(entries, footer) != ByteBuffer.wrap(footer).getLong(BundleLayout.CHECKSUM)) {
            throw damaged(name, "the checksum of its table is wrong");
        }
        BundleTable table = new BundleTable(entries);
        String problem = BundleTable.problem(table, ByteBuffer.wrap(footer).getLong(BundleLayout.TABLE_OFFSET));
        if (problem != null) {
            throw damaged(name, problem);
        }
        if (table.minTxid() != bundle.minTxid() || table.maxTxid() != bundle.maxTxid()) {
            throw damaged(
                    name,
                    "it has the transactions " + Txid.format(table.minTxid()) + " to " + Txid.format(table.maxTxid())
                            + ", not those of its name");
        }
        return new BundleReader(store, bundle, facts, table);
    }

    /** The table, from the tail as far as that has it. */
    private static ByteBuffer entries(
            ObjectStore store, BundleObject bundle, String name, long size, byte[] tail, byte[] footer)
            throws IOException {
        ByteBuffer fields = ByteBuffer.wrap(footer);
        if (fields.getLong(BundleLayout.MAGIC_AT) != BundleLayout.MAGIC) {
            throw damaged(name, "it does not end as a bundle does; it is cut off or something else");
        }
        int version = fields.getInt(BundleLayout.VERSION_AT);
        if (version != BundleLayout.VERSION) {
            throw new ArchiveException(
                    ArchiveException.Kind.DAMAGED,
                    name + ": it is a bundle of version " + Integer.toUnsignedString(version)
                            + ", and this ltxfs knows version " + BundleLayout.VERSION
                            + "; use the newer ltxfs that wrote it");
        }
        int count = fields.getInt(BundleLayout.COUNT);
        long offset = fields.getLong(BundleLayout.TABLE_OFFSET);
        if (count < 1
                || count > BundleWriter.TRANSACTIONS_MAX
                || offset != size - BundleLayout.FOOTER_SIZE - (long) count * BundleLayout.ENTRY_SIZE) {
            throw damaged(
                    name,
                    "its footer says " + Integer.toUnsignedString(count) + " transactions and a table at byte "
                            + Long.toUnsignedString(offset) + ", which do not fit its " + size + " bytes");
        }
        int length = count * BundleLayout.ENTRY_SIZE;
        int at = tail.length - BundleLayout.FOOTER_SIZE - length;
        if (at >= 0) {
            // A copy, so that a short table does not keep the whole tail in memory.
            byte[] entries = new byte[length];
            System.arraycopy(tail, at, entries, 0, length);
            return ByteBuffer.wrap(entries);
        }
        byte[] entries = new byte[length];
        System.arraycopy(tail, 0, entries, -at, tail.length - BundleLayout.FOOTER_SIZE);
        try (ObjectContent content = store.get(bundle.key(), offset, -at)) {
            byte[] front = readExactly(content, name);
            if (front.length != -at) {
                throw damaged(name, "it became shorter while it was read");
            }
            System.arraycopy(front, 0, entries, 0, front.length);
        }
        return ByteBuffer.wrap(entries);
    }

    private static byte[] readExactly(ObjectContent content, String name) throws IOException {
        byte[] bytes = content.readAll();
        if (bytes.length != content.length()) {
            throw new StoreException(
                    StoreException.Kind.PROTOCOL,
                    name + ": " + bytes.length + " bytes came of " + content.length() + "; try again");
        }
        return bytes;
    }

    /** The bundle. */
    public BundleObject bundle() {
        return bundle;
    }

    /** What its metadata says. */
    public ObjectFacts facts() {
        return facts;
    }

    /** Its table. */
    public BundleTable table() {
        return table;
    }

    /** Reads transactions in ascending order, by one request. */
    public void read(long fromTxid, long toTxid, Visitor visitor) throws IOException {
        String name = store.describe(bundle.key());
        BundleEntry first = table.of(fromTxid);
        BundleEntry last = table.of(toTxid);
        long length = last.offset() + last.length() - first.offset();
        try (ObjectContent content = store.get(bundle.key(), first.offset(), length)) {
            for (long txid = fromTxid; ; txid++) {
                BundleEntry entry = table.of(txid);
                Part part = new Part(content.stream(), entry.length());
                try {
                    LtxReader ltx = LtxReader.open(part, entry.length());
                    check(entry, ltx.header(), name);
                    visitor.visit(entry, ltx);
                } catch (LtxFormatException e) {
                    throw new ArchiveException(
                            ArchiveException.Kind.DAMAGED,
                            name + ": transaction " + Txid.format(txid) + " at byte " + entry.offset() + " of it: "
                                    + e.getMessage() + "; 'ltxfs archive verify' says what can be restored",
                            e);
                }
                part.skipRest();
                if (part.crc() != entry.fileCrc()) {
                    throw damaged(name, "the bytes of transaction " + Txid.format(txid) + " have changed");
                }
                if (txid == toTxid) {
                    return;
                }
            }
        }
    }

    private static void check(BundleEntry entry, LtxHeader header, String name) throws ArchiveException {
        if (header.minTxid() != entry.txid()
                || header.maxTxid() != entry.txid()
                || header.pageSize() != entry.pageSize()
                || header.commit() != entry.commit()
                || header.preApplyChecksum() != entry.preChecksum()
                || !header.hasChecksums()) {
            throw damaged(name, "the LTX file at byte " + entry.offset() + " is not the one of the table");
        }
    }

    private static ArchiveException damaged(String name, String why) {
        return new ArchiveException(
                ArchiveException.Kind.DAMAGED,
                name + ": the bundle is damaged: " + why + "; 'ltxfs archive verify' says what can be restored");
    }

    /** One LTX file of the stream; closing it leaves the stream open. */
    private static final class Part extends InputStream {
        private final InputStream in;
        private final CRC32C crc = new CRC32C();
        private long left;

        Part(InputStream in, long length) {
            this.in = in;
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int read = in.read(bytes, from, (int) Math.min(length, left));
            if (read < 0) {
                throw new EOFException("the bundle ends " + left + " bytes too early");
            }
            left -= read;
            crc.update(bytes, from, read);
            return read;
        }

        void skipRest() throws IOException {
            byte[] buffer = new byte[(int) Math.min(left, 8192)];
            while (left > 0) {
                read(buffer, 0, buffer.length);
            }
        }

        int crc() {
            return (int) crc.getValue();
        }
    }
}
