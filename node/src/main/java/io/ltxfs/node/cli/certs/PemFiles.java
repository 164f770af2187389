package io.ltxfs.node.cli.certs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Set;

/** Certificates and keys as files. */
final class PemFiles {
    private static final String KEY = "PRIVATE KEY";

    private PemFiles() {}

    static void writeCertificate(Path file, X509Certificate certificate, boolean replace) throws IOException {
        try {
            write(file, text("CERTIFICATE", certificate.getEncoded()), "rw-r--r--", replace);
        } catch (CertificateEncodingException e) {
            throw new IOException(e);
        }
    }

    static void writeKey(Path file, PrivateKey key, boolean replace) throws IOException {
        write(file, text(KEY, key.getEncoded()), "rw-------", replace);
    }

    static X509Certificate readCertificate(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": is no certificate: " + e.getMessage(), e);
        }
    }

    static PrivateKey readKey(Path file) throws IOException {
        String text = Files.readString(file, StandardCharsets.US_ASCII);
        try {
            String body =
                    text.replaceAll("-----(BEGIN|END) " + KEY + "-----", "").replaceAll("\\s", "");
            return KeyFactory.getInstance("EC")
                    .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException(file + ": is no key of 'ltxfs certs': " + e.getMessage(), e);
        }
    }

    private static String text(String kind, byte[] encoded) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
        return "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n";
    }

    /** The file appears whole, and never with more permissions than these. */
    private static void write(Path file, String text, String permissions, boolean replace) throws IOException {
        Path partial = file.resolveSibling(
                file.getFileName() + ".part-" + ProcessHandle.current().pid());
        Files.deleteIfExists(partial);
        try {
            Set<StandardOpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            try (FileChannel out = FileChannel.open(
                    partial,
                    options,
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)))) {
                out.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
                out.force(true);
            }
            if (replace) {
                Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } else {
                Files.move(partial, file);
            }
        } finally {
            Files.deleteIfExists(partial);
        }
    }
}
