package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.ObjectStoreContract;
import io.ltxfs.objectstore.tools.RealServer;
import io.ltxfs.objectstore.tools.S3Server;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** MinIO. */
@Tag("long")
final class MinioStoreTest extends ObjectStoreContract {
    @TempDir
    static Path directory;

    private static S3Server server;
    private static int stores;

    @BeforeAll
    static void start() throws Exception {
        server = RealServer.minio(directory);
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    @Override
    protected ObjectStore openStore() {
        return server.open("contract %25/" + stores++);
    }
}
