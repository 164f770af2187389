package io.ltxfs.node.cli.certs;

import io.ltxfs.node.replication.PeerTls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Certificates of one authority. */
public final class TestCertificates {
    private final Path directory;
    private final Authority authority;

    /** @param directory for the files; made */
    public TestCertificates(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
        Authority.Issued made = Authority.create(Instant.now(), Duration.ofDays(100));
        PemFiles.writeCertificate(directory.resolve("ca.crt"), made.certificate(), true);
        this.authority = new Authority(made.certificate(), made.key());
    }

    public Path directory() {
        return directory;
    }

    /** A host's. */
    public PeerTls tls(String host) throws IOException {
        return write(host, authority.issue(List.of(host), Instant.now(), Duration.ofDays(30)));
    }

    /** A host's that was valid until a while ago. */
    public PeerTls expired(String host, Duration ago) throws IOException {
        Instant then = Instant.now().minus(ago).minus(Duration.ofDays(1));
        return write(host, authority.issue(List.of(host), then, Duration.ofDays(1)));
    }

    private PeerTls write(String host, Authority.Issued issued) throws IOException {
        Path cert = directory.resolve(host + ".crt");
        Path key = directory.resolve(host + ".key");
        PemFiles.writeCertificate(cert, issued.certificate(), true);
        PemFiles.writeKey(key, issued.key(), true);
        return new PeerTls(cert, key, directory.resolve("ca.crt"));
    }
}
