package io.ltxfs.archive.restore;

import io.ltxfs.ltx.Crc64;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/**
 * The file beside a partial database that says what of it is there. Only appended to, after what it speaks of is on the
 * disk, so its last whole record is true whatever happened.
 *
 * <pre>
 * magic u64 · record*      record: length u32 · that many bytes · their CRC-64
 * </pre>
 *
 * The first record is the {@link Start}, the others are {@link Done}. A record that is cut or damaged ends the file.
 */
final class Ledger implements Closeable {
    private static final long MAGIC = 0x6c747866732d7201L; // "ltxfs-r" 1
    private static final int RECORD_BYTES_MAX = 1 << 24;

    /**
     * What the partial database is a part of.
     *
     * @param identity the archive, and how the database is checked
     * @param txid the transaction that was to be reached (unsigned)
     * @param pages the database's size in pages there
     * @param pageSize in bytes
     */
    record Start(String identity, long txid, long pages, int pageSize) {}

    /**
     * Pages that are there.
     *
     * @param source the index of the LTX file in the plan
     * @param sequence which job of it
     * @param xor of the pages' checksums
     * @param digest of the pages; see {@link JobRunner.Pages}
     * @param crc of the frames, as it counts in the file checksum; only where files are verified whole
     * @param crcBytes how many bytes that is
     * @param runs the pages
     */
    record Done(int source, int sequence, long xor, long digest, long crc, long crcBytes, PageRuns runs) {}

    /** Takes what a ledger says. */
    @FunctionalInterface
    interface Visitor {
        void visit(Done done) throws IOException;
    }

    private final FileChannel channel;

    private Ledger(FileChannel channel) {
        this.channel = channel;
    }

    /** What a ledger begins with; empty if there is none, or none that can be read. */
    static Optional<Start> start(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                DataInputStream in =
                        new DataInputStream(new java.io.BufferedInputStream(Channels.newInputStream(channel)))) {
            if (in.readLong() != MAGIC) {
                return Optional.empty();
            }
            Optional<byte[]> record = readRecord(in);
            return record.isPresent() ? Optional.of(parseStart(record.get())) : Optional.empty();
        } catch (NoSuchFileException | java.io.EOFException e) {
            return Optional.empty();
        }
    }

    /** Reads what is done. Cuts off a record that is not whole, so that more can be appended. */
    static Ledger resume(Path file, Visitor visitor) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            DataInputStream in =
                    new DataInputStream(new java.io.BufferedInputStream(Channels.newInputStream(channel), 1 << 16));
            long end = Long.BYTES;
            in.readLong();
            boolean first = true;
            while (true) {
                Optional<byte[]> record = readRecord(in);
                if (record.isEmpty()) {
                    break;
                }
                end += Integer.BYTES + record.get().length + Long.BYTES;
                if (!first) {
                    visitor.visit(parseDone(record.get()));
                }
                first = false;
            }
            channel.truncate(end);
            channel.position(end);
            return new Ledger(channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Begins a new one in place of what is there. */
    static Ledger create(Path file, Start start) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + "-new");
        FileChannel channel = FileChannel.open(
                fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeLong(MAGIC);
            ByteArrayOutputStream payload = new ByteArrayOutputStream();
            DataOutputStream fields = new DataOutputStream(payload);
            fields.writeUTF(start.identity());
            fields.writeLong(start.txid());
            fields.writeLong(start.pages());
            fields.writeInt(start.pageSize());
            writeRecord(out, payload.toByteArray());
            writeFully(channel, bytes.toByteArray());
            channel.force(false);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return new Ledger(channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Appends what is on the disk. */
    void append(List<Done> done) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        for (Done one : done) {
            writeRecord(out, encode(one));
        }
        writeFully(channel, bytes.toByteArray());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private static byte[] encode(Done done) throws IOException {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(payload);
        fields.writeInt(done.source());
        fields.writeInt(done.sequence());
        fields.writeLong(done.xor());
        fields.writeLong(done.digest());
        fields.writeLong(done.crc());
        fields.writeLong(done.crcBytes());
        PageRuns runs = done.runs();
        fields.writeInt(runs.count());
        long last = 0;
        for (int i = 0; i < runs.count(); i++) {
            writeUvarint(fields, runs.first(i) - last);
            writeUvarint(fields, runs.length(i));
            last = runs.first(i) + runs.length(i);
        }
        return payload.toByteArray();
    }

    private static Done parseDone(byte[] payload) throws IOException {
        DataInputStream in = new DataInputStream(new java.io.ByteArrayInputStream(payload));
        int source = in.readInt();
        int sequence = in.readInt();
        long xor = in.readLong();
        long digest = in.readLong();
        long crc = in.readLong();
        long crcBytes = in.readLong();
        PageRuns runs = new PageRuns();
        long last = 0;
        for (int left = in.readInt(); left > 0; left--) {
            long first = last + readUvarint(in);
            int length = (int) readUvarint(in);
            runs.add(first, length);
            last = first + length;
        }
        return new Done(source, sequence, xor, digest, crc, crcBytes, runs);
    }

    private static Start parseStart(byte[] payload) throws IOException {
        DataInputStream in = new DataInputStream(new java.io.ByteArrayInputStream(payload));
        return new Start(in.readUTF(), in.readLong(), in.readLong(), in.readInt());
    }

    private static Optional<byte[]> readRecord(DataInputStream in) throws IOException {
        try {
            int length = in.readInt();
            if (length < 0 || length > RECORD_BYTES_MAX) {
                return Optional.empty();
            }
            byte[] payload = in.readNBytes(length);
            if (payload.length < length || in.readLong() != Crc64.of(payload)) {
                return Optional.empty();
            }
            return Optional.of(payload);
        } catch (java.io.EOFException e) {
            return Optional.empty();
        }
    }

    private static void writeRecord(DataOutputStream out, byte[] payload) throws IOException {
        out.writeInt(payload.length);
        out.write(payload);
        out.writeLong(Crc64.of(payload));
    }

    private static void writeFully(FileChannel channel, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    private static void writeUvarint(DataOutputStream out, long value) throws IOException {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private static long readUvarint(DataInputStream in) throws IOException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            int b = in.readUnsignedByte();
            value |= (b & 0x7fL) << shift;
            if ((b & 0x80) == 0) {
                break;
            }
        }
        return value;
    }
}
