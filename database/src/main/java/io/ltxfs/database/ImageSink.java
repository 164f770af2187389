package io.ltxfs.database;

import io.ltxfs.database.log.TransactionHeader;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;

/** Takes a whole database. */
@FunctionalInterface
public interface ImageSink {
    /**
     * Told what comes, before the first byte.
     *
     * @param header the last transaction in it, with the owner that the file has
     * @return where the database's bytes go; not closed
     */
    WritableByteChannel open(TransactionHeader header) throws IOException;
}
