package io.ltxfs.node.cli;

import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.node.config.LtxfsConfig;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options that say which archive is meant: {@code --archive}, else the running node's, else the configuration's. */
public final class ArchiveSource {
    @Mixin
    NodeOptions node = new NodeOptions();

    @Option(
            names = "--archive",
            paramLabel = "URL",
            description = "The archive (default: the running node's, else key archive.url).")
    @Nullable
    String url;

    /** The configuration, with {@code --archive} in it. */
    public LtxfsConfig config() {
        return node.loadWithArchive(absolute(url)).config();
    }

    /** A directory below the working directory, which people write as a path, as the URL that it stands for. */
    private static @Nullable String absolute(@Nullable String url) {
        return url == null || url.isEmpty() || url.equals("none") || url.startsWith("/") || url.contains(":")
                ? url
                : Path.of(url).toAbsolutePath().normalize().toString();
    }

    /** Whether a node runs on the configuration's data directory. */
    public boolean hasNode(LtxfsConfig config) {
        return NodeClient.find(config).isPresent();
    }

    /**
     * Opens the archive.
     *
     * @param what the command, for messages
     */
    public NodeArchive open(LtxfsConfig config, String what) {
        Optional<String> running = url == null ? NodeClient.find(config).map(NodeClient::archive) : Optional.empty();
        return open(config, running.orElse(config.archive().url().text()), what);
    }

    /** A database's name as a person wrote it: below the mount, or as a path into it. */
    public String name(LtxfsConfig config, String text) {
        return DatabaseName.of(
                text, NodeClient.find(config).map(NodeClient::mount).orElse(config.mount()));
    }

    /** The URL of the archive, when the node is known; empty if there is none. */
    String url(LtxfsConfig config, NodeClient running) {
        return url == null ? running.archive() : config.archive().url().text();
    }

    /** Opens the archive at a URL; empty if there is none. */
    static NodeArchive open(LtxfsConfig config, String url, String what) {
        if (url.isEmpty()) {
            throw new CliException(
                    ExitCode.WRONG_USAGE, what, "archive.url is none", "name an archive with --archive URL");
        }
        try {
            return NodeArchive.open(config, url);
        } catch (IllegalArgumentException e) {
            throw new CliException(
                    ExitCode.WRONG_USAGE,
                    what,
                    String.valueOf(e.getMessage()),
                    "write file:///dir, an absolute path, or s3://bucket/prefix",
                    e);
        }
    }
}
