package io.ltxfs.node.replication;

import io.grpc.ChannelCredentials;
import io.grpc.ServerCredentials;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.AdvancedTlsX509TrustManager.Verification;
import io.grpc.util.CertificateUtils;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;

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
        new Loaded(this);
    }

    /** Certificates in use; can be read again. */
    static final class Loaded {
        private final PeerTls files;
        private final AdvancedTlsX509KeyManager keys = new AdvancedTlsX509KeyManager();
        private final AdvancedTlsX509TrustManager trust;

        Loaded(PeerTls files) throws IOException {
            this.files = files;
            try {
                this.trust = AdvancedTlsX509TrustManager.newBuilder()
                        .setVerification(Verification.CERTIFICATE_AND_HOST_NAME_VERIFICATION)
                        .build();
            } catch (GeneralSecurityException e) {
                throw wrong("replication.tls.ca", files.ca(), e);
            }
            reload();
        }

        /** Takes all of them, or none. */
        void reload() throws IOException {
            X509Certificate[] chain = certificates("replication.tls.cert", files.cert());
            PrivateKey key = key();
            X509Certificate[] roots = certificates("replication.tls.ca", files.ca());
            try {
                keys.updateIdentityCredentials(chain, key);
                trust.updateTrustCredentials(roots);
            } catch (GeneralSecurityException | IllegalArgumentException e) {
                throw wrong("replication.tls.cert", files.cert(), e);
            }
        }

        private static X509Certificate[] certificates(String name, Path file) throws IOException {
            try (InputStream in = Files.newInputStream(file)) {
                X509Certificate[] certificates = CertificateUtils.getX509Certificates(in);
                if (certificates.length == 0) {
                    throw new IOException(name + ": " + file + " holds no certificate; 'ltxfs certs' makes one");
                }
                return certificates;
            } catch (java.nio.file.NoSuchFileException e) {
                throw new IOException(name + ": " + file + " does not exist; 'ltxfs certs' makes one", e);
            } catch (GeneralSecurityException e) {
                throw wrong(name, file, e);
            }
        }

        private PrivateKey key() throws IOException {
            String name = "replication.tls.key";
            try (InputStream in = Files.newInputStream(files.key())) {
                return CertificateUtils.getPrivateKey(in);
            } catch (java.nio.file.NoSuchFileException e) {
                throw new IOException(name + ": " + files.key() + " does not exist; 'ltxfs certs' makes one", e);
            } catch (GeneralSecurityException | RuntimeException e) {
                throw wrong(name, files.key(), e);
            }
        }

        private static IOException wrong(String name, Path file, Exception why) {
            return new IOException(
                    name + ": " + file + " cannot be used: " + why.getMessage() + "; 'ltxfs certs' makes another", why);
        }

        ServerCredentials server() {
            return TlsServerCredentials.newBuilder()
                    .keyManager(keys)
                    .trustManager(trust)
                    .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                    .build();
        }

        ChannelCredentials client() {
            return TlsChannelCredentials.newBuilder()
                    .keyManager(keys)
                    .trustManager(trust)
                    .build();
        }
    }
}
