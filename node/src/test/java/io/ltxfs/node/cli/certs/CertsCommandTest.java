package io.ltxfs.node.cli.certs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.node.replication.PeerTls;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CertsCommandTest {
    @TempDir
    Path root;

    private String out = "";

    private int run(String... arguments) {
        StringWriter text = new StringWriter();
        int code = new CommandLine(new CertsCommand())
                .setOut(new PrintWriter(text))
                .setErr(new PrintWriter(text))
                .execute(arguments);
        out = text.toString();
        return code;
    }

    @Test
    void eachHostGetsACertificateThatItsPeersAccept() throws Exception {
        Path dir = root.resolve("certs");
        assertEquals(0, run("--out", dir.toString(), "--host", "node-a,10.0.0.1,fe80::1", "node-b", "--days", "30"));
        for (String host : List.of("node-a", "node-b")) {
            new PeerTls(dir.resolve(host + ".crt"), dir.resolve(host + ".key"), dir.resolve("ca.crt")).check();
            assertTrue(out.contains("cert: " + dir.resolve(host + ".crt")), out);
            assertEquals(
                    "rw-------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve(host + ".key"))));
        }
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("ca.key"))));
        X509Certificate certificate = PemFiles.readCertificate(dir.resolve("node-a.crt"));
        certificate.verify(PemFiles.readCertificate(dir.resolve("ca.crt")).getPublicKey());
        assertEquals(
                List.of("node-a", "10.0.0.1", "fe80:0:0:0:0:0:0:1"),
                certificate.getSubjectAlternativeNames().stream()
                        .map(Collection::toArray)
                        .map(name -> name[1])
                        .toList());
    }

    @Test
    void nothingIsOverwrittenAndTheAuthorityIsKept() throws Exception {
        String dir = root.resolve("certs").toString();
        assertEquals(0, run("--out", dir, "--host", "node-a"));
        byte[] authority = Files.readAllBytes(root.resolve("certs/ca.crt"));
        byte[] first = Files.readAllBytes(root.resolve("certs/node-a.crt"));
        assertEquals(1, run("--out", dir, "--host", "node-b", "--host", "node-a"));
        assertTrue(Files.notExists(root.resolve("certs/node-b.crt")), "made before it failed");
        assertArrayEquals(first, Files.readAllBytes(root.resolve("certs/node-a.crt")));
        assertEquals(0, run("--out", dir, "--host", "node-a", "--force"));
        assertTrue(!java.util.Arrays.equals(first, Files.readAllBytes(root.resolve("certs/node-a.crt"))));
        assertArrayEquals(authority, Files.readAllBytes(root.resolve("certs/ca.crt")));
        Files.delete(root.resolve("certs/ca.key"));
        assertEquals(1, run("--out", dir, "--host", "node-c"));
    }

    @Test
    void namesThatAreNoneAreRefused() {
        for (String host : List.of("a/b", "../x", "1.2.3", "1.2.3.400", "", "a,,b", "ca", "-a")) {
            assertEquals(2, run("--out", root.resolve("none").toString(), "--host=" + host), host + ": " + out);
        }
        assertEquals(2, run("--out", root.resolve("none").toString(), "--host", "a", "--days", "0"));
        assertTrue(Files.notExists(root.resolve("none")));
    }
}
