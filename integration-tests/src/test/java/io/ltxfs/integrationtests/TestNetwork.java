package io.ltxfs.integrationtests;

import io.ltxfs.integrationtests.Programs.Output;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Network namespaces for some nodes, joined by a bridge that stands in a namespace of its own, so that rules of this
 * machine's own bridges do not count. This process has an address on it too. Links are cut by dropping packets, as a
 * cable does: nobody is told.
 */
final class TestNetwork implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final int HERE = 254;

    private final int number;
    private final int nodes;

    private TestNetwork(int number, int nodes) {
        this.number = number;
        this.nodes = nodes;
    }

    /** Makes it: nodes are numbered from 1. */
    static TestNetwork create(int nodes) {
        TestNetwork network = new TestNetwork(freeNumber(), nodes);
        try {
            network.build();
            return network;
        } catch (Throwable e) {
            network.close();
            throw e;
        }
    }

    /** None of those whose namespaces are there: of another run, or left by one that was killed. */
    private static int freeNumber() {
        int number = (int) (ProcessHandle.current().pid() % 200);
        while (exists(number)) {
            number = (number + 1) % 200;
        }
        return number;
    }

    private static boolean exists(int number) {
        Path known = Path.of("/run/netns");
        if (!Files.isDirectory(known)) {
            return false;
        }
        try (Stream<Path> names = Files.list(known)) {
            return names.anyMatch(path -> path.getFileName().toString().startsWith("ltxfs" + number + "-"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void build() {
        String hub = namespace("hub");
        ip("netns", "add", hub);
        ip("-n", hub, "link", "add", "bridge", "type", "bridge");
        ip("-n", hub, "link", "set", "bridge", "up");
        ip("link", "add", device(), "type", "veth", "peer", "name", "here", "netns", hub);
        ip("-n", hub, "link", "set", "here", "master", "bridge", "up");
        ip("addr", "add", here() + "/24", "dev", device());
        ip("link", "set", device(), "up");
        for (int node = 1; node <= nodes; node++) {
            String name = namespace("n" + node);
            ip("netns", "add", name);
            ip("-n", hub, "link", "add", "to-n" + node, "type", "veth", "peer", "name", "eth0", "netns", name);
            ip("-n", hub, "link", "set", "to-n" + node, "master", "bridge", "up");
            ip("-n", name, "addr", "add", address(node) + "/24", "dev", "eth0");
            ip("-n", name, "link", "set", "lo", "up");
            ip("-n", name, "link", "set", "eth0", "up");
        }
    }

    private String namespace(String of) {
        return "ltxfs" + number + "-" + of;
    }

    private String device() {
        return "ltxfs" + number;
    }

    /** A node's address. */
    String address(int node) {
        return "10.213." + number + "." + node;
    }

    /** This process's address in it. */
    String here() {
        return address(HERE);
    }

    /** What puts a command into a node's namespace; of network alone, so that its mounts are seen here. */
    List<String> prefix(int node) {
        return List.of("nsenter", "--net=/run/netns/" + namespace("n" + node), "--");
    }

    /** Nothing goes from one to the other any more, nor back. */
    void cut(int one, int other) {
        cutOneWay(one, other);
        cutOneWay(other, one);
    }

    /** What {@code from} sends does not reach {@code to}; the other way is open. */
    void cutOneWay(int from, int to) {
        rule(to, "-I", "INPUT", "-s", address(from), "-j", "DROP");
    }

    /** A node is alone, but for the port of the store here if that is to remain. */
    void isolate(int node) {
        for (int other = 1; other <= nodes; other++) {
            if (other != node) {
                cut(node, other);
            }
        }
    }

    /** A node does not reach a port of this process's machine. */
    void cutFromHere(int node, int port) {
        rule(node, "-I", "OUTPUT", "-d", here(), "-p", "tcp", "--dport", Integer.toString(port), "-j", "DROP");
    }

    /** Everything reaches everyone. */
    void heal() {
        for (int node = 1; node <= nodes; node++) {
            rule(node, "-F");
        }
    }

    private void rule(int node, String... words) {
        List<String> command = new ArrayList<>(prefix(node));
        command.addAll(List.of("iptables", "-w"));
        command.addAll(List.of(words));
        run(command);
    }

    private static void ip(String... words) {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(words));
        run(command);
    }

    private static void run(List<String> command) {
        Output output = Programs.run(LIMIT, java.util.Map.of(), command);
        if (output.exitCode() != 0) {
            throw new AssertionError(String.join(" ", command) + ": " + output.err());
        }
    }

    @Override
    public void close() {
        Programs.run(LIMIT, "ip", "link", "del", device());
        for (int node = 1; node <= nodes; node++) {
            Programs.run(LIMIT, "ip", "netns", "del", namespace("n" + node));
        }
        Programs.run(LIMIT, "ip", "netns", "del", namespace("hub"));
    }
}
