package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Several nodes that share a lease and an archive: real daemons on real mounts of one machine. Each has an address of
 * its own on loopback ({@code 127.x.y.1} and so on) or, {@linkplain #withNetwork with a network}, in a namespace of its
 * own. Closing it ends all of it, whatever state it is in.
 */
final class ClusterUnderTest implements AutoCloseable {
    /** Short, so that tests do not wait; longer than two busy cores and a busy disk keep a node waiting. */
    static final Duration TTL = Duration.ofSeconds(4);

    private static final Duration LIMIT = Duration.ofSeconds(180);
    private static final Duration ANSWER = Duration.ofSeconds(5);

    private final Path directory;
    private final List<String> settings;
    private final String lease;
    private final String archive;
    private final @Nullable TestNetwork network;
    private final String addresses;
    private final Map<String, NodeUnderTest> nodes = new TreeMap<>();
    private final Set<String> paused = new HashSet<>();

    private ClusterUnderTest(
            Path directory, List<String> settings, String lease, String archive, @Nullable TestNetwork network) {
        this.directory = directory;
        this.settings = settings;
        this.lease = lease;
        this.archive = archive;
        this.network = network;
        // Loopback has 16 million addresses: one range for each cluster that may run at this moment.
        long place = ProcessHandle.current().pid() * 31 + System.nanoTime() / 1_000_000;
        this.addresses = "127." + (1 + place % 250) + "." + (1 + place / 250 % 250) + ".";
    }

    /** A cluster on loopback whose lease and archive are directories; nothing is started. */
    static ClusterUnderTest create(int size, String... settings) {
        Path directory = newDirectory();
        ClusterUnderTest cluster = new ClusterUnderTest(
                directory,
                List.of(settings),
                directory.resolve("lease").toString(),
                directory.resolve("archive").toString(),
                null);
        cluster.addNodes(size);
        return cluster;
    }

    /** The same, with all nodes started, one of them primary and the others following it. */
    static ClusterUnderTest started(int size, String... settings) {
        return create(size, settings).startOrClose();
    }

    /**
     * A cluster in namespaces, whose links can be cut.
     *
     * @param store URL of the place for lease and archive
     * @param environment what the nodes need to reach it
     */
    static ClusterUnderTest withNetwork(
            TestNetwork network, String store, Map<String, String> environment, int size, String... settings) {
        ClusterUnderTest cluster = new ClusterUnderTest(
                newDirectory(), List.of(settings), below(store, "lease"), below(store, "archive"), network);
        cluster.addNodes(size);
        cluster.nodes.values().forEach(node -> node.environment(environment));
        return cluster;
    }

    /** Starts all and waits until one is primary and the others follow; closes itself if that fails. */
    ClusterUnderTest startOrClose() {
        try {
            nodes.values().forEach(NodeUnderTest::launch);
            awaitWhole();
            return this;
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    private static String below(String store, String place) {
        int query = store.indexOf('?');
        return query < 0 ? store + "/" + place : store.substring(0, query) + "/" + place + store.substring(query);
    }

    private static Path newDirectory() {
        try {
            Path directory = Files.createTempDirectory("ltxfs-it-cluster");
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void addNodes(int count) {
        for (int i = 0; i < count; i++) {
            add();
        }
    }

    /** One more node, not started; with settings of its own. */
    NodeUnderTest add(String... own) {
        int number = nodes.size() + 1;
        String name = "n" + number;
        String address = address(number);
        List<String> all = new ArrayList<>(List.of(
                "node.id=" + name,
                "node.advertise=" + address + ":20203",
                "replication.listen=" + address + ":20203",
                "replication.insecure=true",
                "http.listen=" + address + ":20202",
                "lease.url=\"" + lease + "\"",
                "archive.url=\"" + archive + "\"",
                "stop-timeout=10s"));
        Set<String> given = new HashSet<>();
        for (String setting : concat(settings, own)) {
            given.add(setting.substring(0, setting.indexOf('=') + 1));
        }
        if (!given.contains("lease.ttl=")) {
            all.add("lease.ttl=" + TTL.toSeconds() + "s");
        }
        all.removeIf(setting -> given.contains(setting.substring(0, setting.indexOf('=') + 1)));
        all.addAll(concat(settings, own));
        try {
            Path home = Files.createDirectories(directory.resolve(name));
            Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
            NodeUnderTest node = new NodeUnderTest(home, all, network == null ? List.of() : network.prefix(number));
            nodes.put(name, node);
            return node;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> concat(List<String> first, String... second) {
        List<String> all = new ArrayList<>(first);
        all.addAll(List.of(second));
        return all;
    }

    private String address(int number) {
        return network == null ? addresses + number : network.address(number);
    }

    /** Where a node's peers reach it. */
    String address(NodeUnderTest node) {
        return address(Integer.parseInt(nameOf(node).substring(1)));
    }

    /** A directory of the test's own on the plain disk. */
    Path scratch() {
        return directory;
    }

    /** What {@code lease.url} is. */
    String lease() {
        return lease;
    }

    NodeUnderTest node(String name) {
        return Objects.requireNonNull(nodes.get(name), name);
    }

    String nameOf(NodeUnderTest node) {
        for (Map.Entry<String, NodeUnderTest> entry : nodes.entrySet()) {
            if (entry.getValue() == node) {
                return entry.getKey();
            }
        }
        throw new AssertionError("not of this cluster");
    }

    /** All nodes, by their names. */
    Map<String, NodeUnderTest> nodes() {
        return nodes;
    }

    /** The nodes that have been started and are neither stopped, killed nor paused. */
    Map<String, NodeUnderTest> running() {
        Map<String, NodeUnderTest> running = new TreeMap<>();
        nodes.forEach((name, node) -> {
            if (node.isRunning() && !paused.contains(name)) {
                running.put(name, node);
            }
        });
        return running;
    }

    void pause(NodeUnderTest node) {
        paused.add(nameOf(node));
        node.pause();
    }

    void resume(NodeUnderTest node) {
        node.resume();
        paused.remove(nameOf(node));
    }

    /** The statuses of those that answer, by name. */
    Map<String, Map<?, ?>> statuses() {
        Map<String, Map<?, ?>> statuses = new TreeMap<>();
        running().forEach((name, node) -> node.statusWithin(ANSWER).ifPresent(status -> statuses.put(name, status)));
        return statuses;
    }

    /** The one primary, if exactly one of those that answer says that it is. */
    Optional<NodeUnderTest> primaryNow() {
        List<String> primaries = new ArrayList<>();
        statuses().forEach((name, status) -> {
            if ("primary".equals(status.get("role"))) {
                primaries.add(name);
            }
        });
        return primaries.size() == 1 ? Optional.of(node(primaries.get(0))) : Optional.empty();
    }

    /** Waits for exactly one primary. */
    NodeUnderTest awaitPrimary() {
        return awaiting("a primary", this::primaryNow, Optional::isPresent).orElseThrow();
    }

    /** Waits for a primary that is not this one. */
    NodeUnderTest awaitPrimaryOtherThan(NodeUnderTest old) {
        return awaiting(
                        "a primary other than " + nameOf(old),
                        this::primaryNow,
                        found -> found.isPresent() && found.get() != old)
                .orElseThrow();
    }

    /** Waits until the role is another one's: named, so that a failure says who. */
    void awaitPrimary(NodeUnderTest wanted) {
        awaiting("primary " + nameOf(wanted), this::primaryNow, found -> found.isPresent() && found.get() == wanted);
    }

    /** Gives the role to a replica, once that has the whole history: before, it is refused and nothing happens. */
    void promote(NodeUnderTest wanted) {
        awaiting("the promotion of " + nameOf(wanted), () -> wanted.command("promote"), said -> said.exitCode() == 0);
        awaitPrimary(wanted);
    }

    /** The primary gives its role away, to whom it is told; {@link #promote} says when. */
    void handOff(NodeUnderTest primary, String... to) {
        List<String> words = new ArrayList<>(List.of("handoff"));
        words.addAll(List.of(to));
        awaiting(
                "a hand-over of " + nameOf(primary),
                () -> primary.command(words.toArray(String[]::new)),
                said -> said.exitCode() == 0);
    }

    /** Waits until one of the running nodes is primary, and all others follow it. */
    NodeUnderTest awaitWhole() {
        awaiting("one primary, and all others its replicas", this::isWhole, whole -> whole);
        return awaitPrimary();
    }

    private boolean isWhole() {
        Map<String, Map<?, ?>> statuses = statuses();
        Set<String> primaries = new HashSet<>();
        Set<Object> followed = new HashSet<>();
        int replicas = 0;
        for (Map.Entry<String, Map<?, ?>> entry : statuses.entrySet()) {
            Map<?, ?> status = entry.getValue();
            if ("primary".equals(status.get("role"))) {
                primaries.add(entry.getKey());
            } else if ("replica".equals(status.get("role")) && status.get("primary") instanceof Map<?, ?> named) {
                followed.add(Objects.requireNonNullElse(named.get("node"), ""));
                replicas++;
            }
        }
        return primaries.size() == 1
                && primaries.size() + replicas == running().size()
                && (replicas == 0 || followed.equals(new HashSet<Object>(primaries)));
    }

    /** A running node that is not the primary. */
    NodeUnderTest replica() {
        NodeUnderTest primary = awaitPrimary();
        return running().values().stream()
                .filter(node -> node != primary)
                .findFirst()
                .orElseThrow();
    }

    /** Waits until all running nodes show this database at the same position, and gives it. */
    NodeUnderTest.Pos awaitSame(String database) {
        Set<NodeUnderTest.Pos> same = awaiting(
                "all nodes at one position of " + database, () -> positions(database), found -> found.size() == 1);
        return same.iterator().next();
    }

    private Set<NodeUnderTest.Pos> positions(String database) {
        Set<NodeUnderTest.Pos> found = new HashSet<>();
        for (NodeUnderTest node : running().values()) {
            try {
                found.add(node.position(database));
            } catch (UncheckedIOException | NumberFormatException e) {
                found.add(new NodeUnderTest.Pos(-1, nodes.size() - found.size())); // not there yet
            }
        }
        return found;
    }

    /**
     * Waits until all running nodes are at one position of a database, and asserts that they have the same bytes there,
     * as a reader and as the export says it.
     */
    void assertSame(String database) {
        NodeUnderTest.Pos position = awaitSame(database);
        Map<String, String> exported = new HashMap<>();
        running().forEach((name, node) -> {
            exported.put(name, sha256(node.export(database, String.format("%016x", position.txid()))));
            String check = node.sqlite(database, "PRAGMA integrity_check").orFail();
            if (!check.equals("ok")) {
                throw new AssertionError(name + ", " + database + ": " + check + "\n" + describe());
            }
        });
        if (Set.copyOf(exported.values()).size() != 1) {
            throw new AssertionError(database + " differs at " + position + ": " + exported + "\n" + describe());
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** Waits until a value is right; fails with the state of all nodes. */
    <T> T awaiting(String what, Callable<T> value, java.util.function.Predicate<T> right) {
        return awaiting(what, LIMIT, value, right);
    }

    <T> T awaiting(String what, Duration limit, Callable<T> value, java.util.function.Predicate<T> right) {
        List<T> last = new ArrayList<>();
        try {
            // A node that does not answer at this moment may answer later.
            var asking = await(what)
                    .atMost(limit)
                    .pollInterval(Duration.ofMillis(20))
                    .ignoreExceptionsInstanceOf(UncheckedIOException.class);
            asking.until(() -> {
                T found = value.call();
                last.clear();
                last.add(found);
                return right.test(found);
            });
            return last.get(0);
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(
                    "waited " + limit.toSeconds() + " s for " + what + "; last: " + last + "\n" + describe(), e);
        }
    }

    /** Status and the end of the log of every node. */
    String describe() {
        StringBuilder text = new StringBuilder();
        nodes.forEach((name, node) -> {
            text.append("--- ").append(name).append(paused.contains(name) ? " (paused)" : "");
            text.append(node.isRunning() ? "" : " (not running)").append('\n');
            if (node.isRunning() && !paused.contains(name)) {
                text.append(node.statusWithin(ANSWER).map(Object::toString).orElse("no status"));
                text.append('\n');
            }
            String[] lines = node.log().split("\n");
            for (int i = Math.max(0, lines.length - 40); i < lines.length; i++) {
                text.append(lines[i]).append('\n');
            }
        });
        return text.toString();
    }

    /** Ends all nodes at once, without mercy. */
    void killAll() {
        nodes.values().stream().filter(NodeUnderTest::isRunning).forEach(NodeUnderTest::killAll);
    }

    @Override
    public void close() {
        // One that cannot be ended must not keep the others running, and their mounts in place.
        List<Runnable> steps = new ArrayList<>();
        for (NodeUnderTest node : nodes.values()) {
            steps.add(() -> {
                if (node.isRunning()) {
                    node.resume();
                    node.killAll();
                }
            });
        }
        nodes.values().forEach(node -> steps.add(node::close));
        steps.add(() -> Programs.deleteAll(directory));
        Programs.doAll(steps);
    }
}
