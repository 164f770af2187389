package io.ltxfs.node.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.PatternSyntaxException;

/** What must hold between keys, and what is said about keys whose feature this version does not have. */
final class ConfigRules {
    private ConfigRules() {}

    /** @throws ConfigException for the first rule that is broken */
    static void check(LtxfsConfig config, KeyTree tree) {
        Path mount = config.mount();
        Path data = config.data();
        if (data.startsWith(mount) || mount.startsWith(data)) {
            throw new ConfigException(
                    origin(tree, "data"),
                    "'" + data + "' and mount '" + mount + "' lie within each other",
                    "give them directories of their own");
        }
        if (mount.getNameCount() == 0) {
            throw new ConfigException(origin(tree, "mount"), "'/' cannot be mounted over", "write another directory");
        }
        checkReplication(config, tree);
        if (config.durability() instanceof Durability.Archive
                && config.archive().url().isNone()) {
            throw new ConfigException(
                    origin(tree, "durability"), "is archive, but archive.url is none", "give archive.url a store");
        }
        boolean shared = !config.lease().url().isNone();
        if (shared
                && config.archive()
                        .url()
                        .directory()
                        .filter(dir -> dir.startsWith(data))
                        .isPresent()) {
            throw new ConfigException(
                    origin(tree, "archive.url"),
                    "is local to this node, but lease.url lets others take over",
                    "write a store that all nodes reach, or none");
        }
        for (DatabaseRule rule : config.databases()) {
            checkPattern(rule.match(), tree);
        }
    }

    private static void checkPattern(String match, KeyTree tree) {
        try {
            java.nio.file.FileSystems.getDefault().getPathMatcher("glob:" + match);
        } catch (PatternSyntaxException | InvalidPathException e) {
            throw new ConfigException(
                    origin(tree, Keys.DATABASES) + ".match",
                    "'" + match + "' is not a pattern",
                    Keys.RULE_MATCH.type().allowed());
        }
    }

    private static void checkReplication(LtxfsConfig config, KeyTree tree) {
        LtxfsConfig.Replication replication = config.replication();
        if (replication.cert().isPresent() != replication.key().isPresent()) {
            throw new ConfigException(
                    origin(tree, "replication.tls"), "has only one of cert and key", "give both, or none");
        }
        boolean open = !replication.listen().isLoopback();
        if (open && replication.cert().isEmpty() && !replication.insecure()) {
            throw new ConfigException(
                    origin(tree, "replication.listen"),
                    "'" + replication.listen() + "' can be reached from other machines without encryption",
                    "give replication.tls.cert, key and ca, or replication.insecure: true");
        }
    }

    private static String origin(KeyTree tree, String name) {
        return tree.get(name).map(raw -> raw.origin() + ": " + name).orElse(name);
    }

    /** A sentence for each thing that is asked for and comes with a later version. */
    static List<String> notices(LtxfsConfig config, KeyTree tree) {
        List<String> notices = new ArrayList<>();
        if (!config.lease().url().isNone()) {
            notices.add("lease.url is set: leases come with a later version; this node acts as the only one");
        }
        boolean waits = !(config.durability() instanceof Durability.Local)
                || config.databases().stream()
                        .anyMatch(rule -> rule.durability()
                                .filter(durability -> !(durability instanceof Durability.Local))
                                .isPresent());
        if (waits) {
            notices.add("durability is not local: replica:N and archive come with a later version; commits are durable"
                    + " on this node only");
        }
        if (config.capture() == CaptureMode.FAST) {
            notices.add("capture is fast: it comes with a later version; strict is used");
        }
        if (config.transport() == TransportKind.LIBFUSE) {
            notices.add("transport is libfuse: it comes with a later version; only the kernel transport is there");
        }
        if (tree.get("replication.listen").isPresent()
                || config.replication().cert().isPresent()) {
            notices.add("replication is set: it comes with a later version; nothing listens for peers");
        }
        boolean owners = tree.get("files.owner").isPresent()
                || tree.get("files.group").isPresent()
                || tree.get("files.mode").isPresent();
        if (owners) {
            notices.add("files is set: it comes with a later version; files keep the owner and mode they get");
        }
        return List.copyOf(notices);
    }
}
