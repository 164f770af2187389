package io.ltxfs.fusefs.host;

import io.ltxfs.fusefs.own.OwnFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The wal-index by reads and writes through the mount; never by a mapping (D3). */
public record IndexFile(OwnFile file) implements WalIndexPublisher.Index {
    @Override
    public void read(ByteBuffer target, long offset) throws IOException {
        file.read(target, offset);
    }

    @Override
    public void write(ByteBuffer source, long offset) throws IOException {
        file.write(source, offset);
    }
}
