package io.ltxfs.node.cli.certs;

import io.ltxfs.node.cli.CliException;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.node.cli.GlobalOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ltxfs certs}. */
@Command(
        name = "certs",
        description = {
            "Make a private set of certificates for a cluster: an authority, which is kept if it is there, and a"
                    + " certificate and a key for each host.",
            "Give each node ca.crt and its own two files. Keep ca.key in a safe place: who has it can join."
        },
        footer = {
            "",
            "Example:",
            "  ltxfs certs --out certs --host node-a,10.0.0.1 --host node-b,10.0.0.2 --host node-c,10.0.0.3",
        })
public final class CertsCommand implements Callable<Integer> {
    private static final Duration AUTHORITY_VALIDITY = Duration.ofDays(3650);

    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where the files go; made if missing.")
    @SuppressWarnings("NullAway.Init")
    Path out;

    @Option(
            names = "--host",
            required = true,
            arity = "1..*",
            paramLabel = "NAME[,NAME]",
            description = "A host, by the names and IP addresses that peers reach it with (node.advertise). The first"
                    + " one names its files.")
    List<String> hosts = new ArrayList<>();

    @Option(
            names = "--days",
            defaultValue = "825",
            description = "How long the hosts' certificates are valid (default: ${DEFAULT-VALUE}).")
    int days;

    @Option(names = "--force", description = "Replace certificates and keys of hosts that are there already.")
    boolean force;

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        List<List<String>> names = names();
        if (days < 1 || days > AUTHORITY_VALIDITY.toDays()) {
            throw new ParameterException(
                    spec.commandLine(), "--days " + days + " is not from 1 to " + AUTHORITY_VALIDITY.toDays());
        }
        Files.createDirectories(
                out, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        for (List<String> host : names) {
            requireFree(certificate(host));
            requireFree(key(host));
        }
        PrintWriter print = spec.commandLine().getOut();
        Instant now = Instant.now();
        Authority authority = authority(now, print);
        for (List<String> host : names) {
            Authority.Issued issued = authority.issue(host, now, Duration.ofDays(days));
            PemFiles.writeKey(key(host), issued.key(), force);
            PemFiles.writeCertificate(certificate(host), issued.certificate(), force);
            print.println(host.get(0) + ": valid until "
                    + issued.certificate().getNotAfter().toInstant() + " for " + String.join(", ", host));
        }
        print.println();
        print.println("In the ltxfs.yml of each node, with the paths that the files have there:");
        for (List<String> host : names) {
            Path absolute = out.toAbsolutePath().normalize();
            print.println("  # " + host.get(0));
            print.println("  replication: { tls: { cert: "
                    + absolute.resolve(certificate(host).getFileName())
                    + ", key: " + absolute.resolve(key(host).getFileName()) + ", ca: "
                    + absolute.resolve("ca.crt") + " } }");
        }
        print.flush();
        return ExitCode.DONE;
    }

    private List<List<String>> names() {
        List<List<String>> all = new ArrayList<>();
        for (String host : hosts) {
            List<String> names = List.of(host.split(",", -1));
            for (String name : names) {
                if (!HostNames.isValid(name)) {
                    throw new ParameterException(
                            spec.commandLine(),
                            "--host '" + host + "': '" + name + "' is no host name and no IP address");
                }
            }
            if (all.stream().anyMatch(other -> other.get(0).equals(names.get(0)))) {
                throw new ParameterException(spec.commandLine(), "--host " + names.get(0) + " is named twice");
            }
            if (names.get(0).equals("ca")) {
                throw new ParameterException(spec.commandLine(), "--host ca: its files would be the authority's");
            }
            all.add(names);
        }
        return all;
    }

    private Authority authority(Instant now, PrintWriter print) throws IOException {
        Path certificate = out.resolve("ca.crt");
        Path key = out.resolve("ca.key");
        if (Files.exists(certificate) != Files.exists(key)) {
            throw new CliException(
                    ExitCode.FAILED,
                    out.toString(),
                    "has only one of ca.crt and ca.key",
                    "bring the other one back, or begin in an empty directory");
        }
        if (!Files.exists(certificate)) {
            Authority.Issued made = Authority.create(now, AUTHORITY_VALIDITY);
            PemFiles.writeKey(key, made.key(), false);
            PemFiles.writeCertificate(certificate, made.certificate(), false);
            print.println(
                    "ca: made, valid until " + made.certificate().getNotAfter().toInstant());
            return new Authority(made.certificate(), made.key());
        }
        print.println("ca: kept");
        return new Authority(PemFiles.readCertificate(certificate), PemFiles.readKey(key));
    }

    private void requireFree(Path file) {
        if (!force && Files.exists(file)) {
            throw new CliException(
                    ExitCode.FAILED, file.toString(), "is there already", "name another directory, or add --force");
        }
    }

    private Path certificate(List<String> host) {
        return out.resolve(host.get(0).replace(':', '-') + ".crt");
    }

    private Path key(List<String> host) {
        return out.resolve(host.get(0).replace(':', '-') + ".key");
    }
}
