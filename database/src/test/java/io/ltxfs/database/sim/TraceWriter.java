package io.ltxfs.database.sim;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;

/** Writes a {@link Trace}. Records of several threads come in the order of their calls. */
public final class TraceWriter implements AutoCloseable {
    private final OutputStream out;

    /** Begins a trace; {@code mode} as in {@link Trace}. */
    public TraceWriter(OutputStream target, String name, String mode) throws IOException {
        out = new BufferedOutputStream(new GZIPOutputStream(target));
        out.write((name + " " + mode + " mount\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Adds a record. */
    public synchronized void add(TraceRecord record) throws IOException {
        byte[] path = record.path().getBytes(StandardCharsets.UTF_8);
        ByteBuffer head = ByteBuffer.allocate(Trace.HEAD).order(ByteOrder.LITTLE_ENDIAN);
        head.put((byte) record.kind()).putInt(record.pid()).putInt(record.fd()).putLong(record.offset());
        head.putShort((short) path.length).putInt(record.data().length);
        out.write(head.array());
        out.write(path);
        out.write(record.data());
    }

    @Override
    public synchronized void close() throws IOException {
        out.close();
    }
}
