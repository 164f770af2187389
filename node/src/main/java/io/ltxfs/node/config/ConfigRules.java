package io.ltxfs.node.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.PatternSyntaxException;

/** What must hold between keys, and what is said about those that are allowed and of no use. */
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
        if (config.capture() == CaptureMode.FAST && config.transport() == TransportKind.LIBFUSE) {
            throw new ConfigException(
                    origin(tree, "capture"),
                    "is fast, but transport is libfuse, which has strict capture only",
                    "write capture: strict or auto, or transport: kernel");
        }
        checkLease(config, tree);
        checkDurability(config.durability(), origin(tree, "durability"), config);
        for (int i = 0; i < config.databases().size(); i++) {
            DatabaseRule rule = config.databases().get(i);
            checkPattern(rule.match(), tree);
            if (rule.durability().isPresent()) {
                String place = Keys.DATABASES + "[" + i + "].durability";
                String origin = tree.get(Keys.DATABASES)
                        .map(raw -> raw.origin() + ": " + place)
                        .orElse(place);
                checkDurability(rule.durability().get(), origin, config);
            }
        }
    }

    private static void checkLease(LtxfsConfig config, KeyTree tree) {
        if (!config.isCluster()) {
            return;
        }
        if (isBelow(config.archive().url(), config.data())) {
            throw new ConfigException(
                    origin(tree, "archive.url"),
                    "is local to this node, but lease.url lets others take over",
                    "write a store that all nodes reach, or none");
        }
        if (isBelow(config.lease().url(), config.data())) {
            throw new ConfigException(
                    origin(tree, "lease.url"),
                    "lies in this node's own data directory, where no other node sees it",
                    "write a store that all nodes reach, or local for a node that is alone");
        }
        if (config.node().advertise().isWildcard()) {
            throw new ConfigException(
                    origin(tree, "node.advertise"),
                    "'" + config.node().advertise() + "' is no address that another node can connect to",
                    "write the host's name or address, and replication.listen's port");
        }
    }

    private static boolean isBelow(StoreUrl url, Path directory) {
        return url.directory().filter(dir -> dir.startsWith(directory)).isPresent();
    }

    private static void checkDurability(Durability durability, String origin, LtxfsConfig config) {
        if (durability instanceof Durability.Archive && config.archive().url().isNone()) {
            throw new ConfigException(origin, "is archive, but archive.url is none", "give archive.url a store");
        }
        if (durability instanceof Durability.Replica && !config.isCluster()) {
            throw new ConfigException(
                    origin,
                    "is " + durability + ", but lease.url is local: a node that is alone has no replicas",
                    "give lease.url a store that all nodes reach, or write local or archive");
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
        if (replication.cert().isPresent() && replication.ca().isEmpty()) {
            throw new ConfigException(
                    origin(tree, "replication.tls"),
                    "has no ca: nobody could tell whether a peer belongs to the cluster",
                    "give the certificate of the authority that signed those of all nodes ('ltxfs certs' makes one)");
        }
        if (replication.ca().isPresent() && replication.cert().isEmpty()) {
            throw new ConfigException(
                    origin(tree, "replication.tls"), "has ca, but neither cert nor key", "give all three, or none");
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

    /** A sentence for each thing that is asked for and will not be had: a later version has it, or other keys are in the way. */
    static List<String> notices(LtxfsConfig config, KeyTree tree) {
        List<String> notices = new ArrayList<>();
        if (config.capture() == CaptureMode.FAST) {
            notices.add("capture is fast: it comes with a later version; strict is used");
        }
        boolean loopback = config.replication().listen().isLoopback();
        if (config.isCluster() && loopback && !config.node().advertise().isLoopback()) {
            notices.add("node.advertise is " + config.node().advertise() + ", but replication.listen is "
                    + config.replication().listen() + ": peers on other machines cannot connect; write"
                    + " replication.listen: 0.0.0.0:20203 with replication.tls, or leave node.advertise out if all nodes"
                    + " are on this machine");
        }
        return List.copyOf(notices);
    }
}
