package io.ltxfs.node.cli;

import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.database.CorruptDatabaseException;
import io.ltxfs.database.NotAvailableException;
import io.ltxfs.ltx.Txid;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.daemon.NodeException;
import io.ltxfs.node.daemon.StoppedNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a consistent copy of a database, from the running node or from the data directory. */
@Command(
        name = "export",
        description = "Write a consistent copy of a database, from the running node or, when it is stopped, from the"
                + " data directory.",
        footer = {"", "Examples:", "  ltxfs export app.db -o copy.db", "  ltxfs export app.db --txid 2a -o then.db"})
final class ExportCommand implements Callable<Integer> {
    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    NodeOptions node = new NodeOptions();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "Where to write it (default: standard output).")
    @Nullable
    Path output;

    @Option(
            names = "--txid",
            paramLabel = "N",
            description =
                    "As it was after this transaction, 1 to 16 hexadecimal digits; as far back as log and archive reach.")
    @Nullable
    String txid;

    @Option(names = "--force", description = "Overwrite FILE if it is there.")
    boolean force;

    @Parameters(paramLabel = "DB", description = "The database's name below the mount.")
    String database = "";

    @Override
    public Integer call() throws IOException {
        LtxfsConfig config = node.load().config();
        Optional<NodeClient> running = NodeClient.find(config);
        String name = DatabaseName.of(database, running.map(NodeClient::mount).orElse(config.mount()));
        Optional<String> wanted = Optional.ofNullable(txid);
        wanted.ifPresent(ExportCommand::txid);
        if (output == null) {
            if (System.console() != null) {
                throw new CliException(
                        ExitCode.WRONG_USAGE, "export " + name, "a terminal shows no database", "add -o FILE");
            }
            exportOrRestore(config, running, name, wanted, Path.of(System.getProperty("java.io.tmpdir")), System.out);
            System.out.flush();
            return ExitCode.DONE;
        }
        try (OutputFile file = OutputFile.create(output, force)) {
            Path directory = Objects.requireNonNullElse(output.toAbsolutePath().getParent(), Path.of("/"));
            exportOrRestore(config, running, name, wanted, directory, file.stream());
            file.commit();
        }
        return ExitCode.DONE;
    }

    /** A TXID as a person wrote it. */
    static long txid(String text) {
        if (!text.matches("[0-9A-Fa-f]{1,16}")) {
            throw new CliException(
                    ExitCode.WRONG_USAGE, "--txid " + text, "is not a TXID", "write 1 to 16 hexadecimal digits");
        }
        return Txid.parseShort(text);
    }

    /** From the log, or from the archive if that does not reach back. @param directory on whose disk there is room */
    private static void exportOrRestore(
            LtxfsConfig config,
            Optional<NodeClient> running,
            String name,
            Optional<String> txid,
            Path directory,
            OutputStream out)
            throws IOException {
        try {
            export(config, running, name, txid, out);
        } catch (CliException e) {
            if (!EarlierState.isMissing(e) || txid.isEmpty()) {
                throw e;
            }
            String url = running.map(NodeClient::archive)
                    .orElse(config.archive().url().text());
            try (TemporaryDirectory temporary = TemporaryDirectory.in(directory)) {
                Path file = temporary.file("state.db");
                EarlierState.fromArchive(
                        config, url, name, new RestoreTarget.AtTxid(txid(txid.get())), file, "export " + name, e);
                Files.copy(file, out);
            }
        }
    }

    private static void export(
            LtxfsConfig config, Optional<NodeClient> running, String name, Optional<String> txid, OutputStream out)
            throws IOException {
        if (running.isPresent()) {
            String query = "/export?db=" + NodeClient.encode(name)
                    + txid.map(value -> "&txid=" + value).orElse("");
            try (InputStream in = running.get().get("export " + name, query)) {
                in.transferTo(out);
            }
            return;
        }
        long position = txid.map(value -> Long.parseUnsignedLong(value, 16)).orElse(0L);
        try (StoppedNode stopped = StoppedNode.open(config.data())) {
            if (stopped.databases().find(name).isEmpty()) {
                throw DatabaseName.unknown("export", name, config);
            }
            stopped.databases().export(name, position, Channels.newChannel(out));
        } catch (NotAvailableException e) {
            throw new CliException(
                    ExitCode.NOT_FOUND, "export", String.valueOf(e.getMessage()), "ask for one of those", e);
        } catch (CorruptDatabaseException e) {
            throw new CliException(
                    ExitCode.DATA_WRONG,
                    "export " + name,
                    String.valueOf(e.getMessage()),
                    "export an older position with --txid",
                    e);
        } catch (NodeException e) {
            throw new CliException(ExitCode.FAILED, "export " + name, "no node runs", e.getMessage(), e);
        }
    }
}
