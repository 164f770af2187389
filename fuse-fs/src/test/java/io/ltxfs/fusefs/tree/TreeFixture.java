package io.ltxfs.fusefs.tree;

import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.disk.PosixDisk;
import io.ltxfs.fusefs.FileAttributes;
import io.ltxfs.fusefs.transport.FileSystem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** A tree over a data directory, without a mount. */
final class TreeFixture implements AutoCloseable {
    static final long ROOT = FileSystem.ROOT;

    final Path files;
    final DatabaseSet databases;
    final Tree tree;
    final Client client;
    final QuietHost host = new QuietHost();
    volatile boolean replica;

    TreeFixture(Path data) throws IOException {
        databases = DatabaseSet.open(new PosixDisk(data), DatabaseSetOptions.defaults(), host);
        files = data.resolve(DatabaseSet.FILES);
        tree = new Tree(new TreeOptions(
                databases,
                files,
                tid -> false,
                DatabaseEvents.NONE,
                Optional::empty,
                () -> 0L,
                () -> replica,
                FileAttributes.NONE));
        client = new Client(tree);
    }

    /** A page 1 as SQLite writes it for an empty database of one page. */
    static byte[] firstPage() {
        byte[] page = new byte[512];
        byte[] magic = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(magic, 0, page, 0, magic.length);
        page[16] = 2; // page size 512
        page[18] = 1;
        page[19] = 1;
        page[21] = 64;
        page[22] = 32;
        page[23] = 32;
        page[27] = 1; // change counter
        page[31] = 1; // pages
        page[47] = 4;
        page[59] = 1;
        page[95] = 1;
        page[100] = 13; // an empty leaf
        page[105] = 2;
        return page;
    }

    /** Makes a database of one page, closed again. @return its node */
    long database(String name) throws Client.Failed {
        Client.Opened file = client.create(ROOT, name);
        client.write(file.entry().node(), file.fh(), 0, firstPage());
        client.release(file.entry().node(), file.fh());
        return file.entry().node();
    }

    /** Makes a plain file, closed again. @return its node */
    long plain(String name) throws Client.Failed {
        Client.Opened file = client.create(ROOT, name);
        byte[] text = new byte[100];
        Arrays.fill(text, (byte) 'x');
        client.write(file.entry().node(), file.fh(), 0, text);
        client.release(file.entry().node(), file.fh());
        return file.entry().node();
    }

    @Override
    public void close() throws IOException {
        tree.close();
        databases.close();
    }
}
