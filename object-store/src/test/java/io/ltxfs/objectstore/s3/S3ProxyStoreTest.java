package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.ObjectStoreContract;
import io.ltxfs.objectstore.tools.InProcessServer;
import io.ltxfs.objectstore.tools.S3Server;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A server in this JVM. */
final class S3ProxyStoreTest extends ObjectStoreContract {

    private static S3Server server;
    private static int stores;

    @BeforeAll
    static void start() throws Exception {
        server = InProcessServer.start();
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
