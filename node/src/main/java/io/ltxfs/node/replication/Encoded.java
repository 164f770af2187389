package io.ltxfs.node.replication;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.ltxfs.replicationproto.TransactionChunk;
import io.ltxfs.replicationproto.TransactionHead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A transaction as it is sent: in memory, or in a file if it is large. For use by many streams at once. */
final class Encoded {
    private final TransactionHead head;
    private final List<ByteString> parts;
    private final @Nullable FileChannel file;
    private final long size;

    /** One in memory. @param parts of at most {@link Messages#CHUNK_BYTES} */
    Encoded(TransactionHead head, List<ByteString> parts) {
        this.head = head;
        this.parts = parts;
        this.file = null;
        this.size = parts.stream().mapToLong(ByteString::size).sum();
    }

    /** One in a file that goes away when it is closed. */
    Encoded(TransactionHead head, FileChannel file) throws IOException {
        this.head = head;
        this.parts = List.of();
        this.file = file;
        this.size = file.size();
    }

    /** Bytes of the LTX file. */
    long size() {
        return size;
    }

    /** How many messages it makes; at least one. */
    int chunks() {
        return (int) Math.max(1, file == null ? parts.size() : (size - 1) / Messages.CHUNK_BYTES + 1);
    }

    TransactionChunk chunk(int index) throws IOException {
        TransactionChunk.Builder chunk = TransactionChunk.newBuilder().setLast(index == chunks() - 1);
        if (index == 0) {
            chunk.setHead(head);
        } else {
            chunk.setDatabase(head.getDatabase());
        }
        if (size > 0) {
            chunk.setLtx(file == null ? parts.get(index) : read(file, index));
        }
        return chunk.build();
    }

    private ByteString read(FileChannel from, int index) throws IOException {
        long at = (long) index * Messages.CHUNK_BYTES;
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(Messages.CHUNK_BYTES, size - at));
        while (buffer.hasRemaining()) {
            if (from.read(buffer, at + buffer.position()) < 0) {
                throw new IOException("a file of what is to be sent has become shorter");
            }
        }
        return UnsafeByteOperations.unsafeWrap(buffer.flip());
    }

    /** Gives the file up. */
    void discard() {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            // It is gone with the process at the latest.
        }
    }
}
