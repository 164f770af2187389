package io.ltxfs.node.replication;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Certificates for both sides of every connection.
 *
 * @param cert this node's certificate, PEM
 * @param key its key, PKCS #8 in PEM
 * @param ca the authority that all certificates of the cluster come from, PEM
 */
public record PeerTls(Path cert, Path key, Path ca) {
    /** Reads them once, to say what is wrong. */
    public void check() throws IOException {
        throw new UnsupportedOperationException();
    }
}
