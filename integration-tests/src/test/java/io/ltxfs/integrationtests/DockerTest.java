package io.ltxfs.integrationtests;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Device;
import com.github.dockerjava.api.model.HostConfig;
import io.ltxfs.integrationtests.Programs.Output;
import io.ltxfs.objectstore.tools.Tools;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.ImageFromDockerfile;
import org.testcontainers.utility.MountableFile;

/**
 * {@code docker/}: the image is built, and the nodes of the compose file are started as it says, with an S3 server; and
 * what a container has to be given to mount, the important cases of {@code containers.sh}. Where no container engine runs,
 * it is skipped and says so; in CI, as root, it installs one.
 */
@RealMount
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DockerTest {
    private static final Path DOCKER = Repository.root().resolve("docker");
    private static final List<String> NODES = List.of("n1", "n2", "n3");
    private static final Duration LIMIT = Duration.ofSeconds(300);

    private static final List<String> MOUNTS = List.of("--device=/dev/fuse", "--cap-add=SYS_ADMIN");

    private final List<GenericContainer<?>> containers = new ArrayList<>();

    @SuppressWarnings("NullAway.Init")
    private String base;

    @SuppressWarnings("NullAway.Init")
    private ImageFromDockerfile image;

    @BeforeAll
    void engine() {
        Output output = engine("start");
        if (output.exitCode() == 3 && !RealMount.Condition.inCi()) {
            Assumptions.abort(output.err().strip());
        }
        base = output.orFail();
        // Builds what the image takes.
        Programs.run(Duration.ofMinutes(5), NodeUnderTest.launcher(), "version").orFail();
        image = image();
    }

    @AfterAll
    void stop() {
        containers.forEach(GenericContainer::stop);
        engine("stop");
    }

    private static Output engine(String what) {
        return Programs.run(
                Duration.ofMinutes(10),
                Repository.module().resolve("container-engine.sh").toString(),
                what);
    }

    @Test
    @Timeout(1200)
    void threeNodesOutliveOneOfThem() throws Exception {
        ComposeFile compose = ComposeFile.read(DOCKER.resolve("compose.yml"));
        try (Network network = Network.newNetwork()) {
            start(s3(compose), compose, network, "s3");
            List<GenericContainer<?>> nodes = new ArrayList<>();
            for (String name : NODES) {
                GenericContainer<?> node = new GenericContainer<>(image)
                        .withCommand(compose.words(name, "command").toArray(String[]::new))
                        .withCopyFileToContainer(
                                MountableFile.forHostPath(DOCKER.resolve("ltxfs.yml")), "/etc/ltxfs/ltxfs.yml")
                        .waitingFor(Wait.forHealthcheck().withStartupTimeout(LIMIT));
                start(node, compose, network, name);
                nodes.add(node);
            }
            outlive(nodes);
            containers.forEach(GenericContainer::stop);
            containers.clear();
        }
    }

    /** The least that the documentation names, with a root file system that is read-only besides. */
    @Test
    @Timeout(1200)
    void rootMountsWithOneCapability() {
        List<String> flags = new ArrayList<>(MOUNTS);
        flags.addAll(List.of("--cap-drop=ALL", "--security-opt=no-new-privileges"));
        flags.addAll(List.of("--read-only", "--tmpfs=/tmp:exec"));
        for (String transport : List.of("kernel", "libfuse")) {
            assertEquals("42", docker(flags, serving(transport)).orFail());
        }
    }

    @Test
    @Timeout(1200)
    void aUserOfTheImageMountsThroughFusermount() {
        List<String> flags = new ArrayList<>(MOUNTS);
        flags.add("--entrypoint=sh");
        // The device has the mode that it has on the machine, where udev may not have run.
        String asUser =
                "chmod 666 /dev/fuse; exec setpriv --reuid=www-data --regid=www-data --clear-groups ltxfs \"$@\"";
        List<String> words = new ArrayList<>(List.of("-c", asUser, "sh"));
        words.addAll(serving("auto"));
        assertEquals("42", docker(flags, words).orFail());
    }

    @Test
    @Timeout(1200)
    void aRefusedMountNamesWhatTheContainerLacks() throws Exception {
        Path profile = Files.createTempFile("ltxfs-seccomp", ".json");
        try {
            Files.writeString(
                    profile,
                    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":"
                            + "[{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\"}]}");
            refuses(List.of(), "there is no such device", "--device /dev/fuse --cap-add SYS_ADMIN");
            refuses(List.of(MOUNTS.get(0)), "CAP_SYS_ADMIN", "--cap-add SYS_ADMIN");
            refuses(List.of("--volume=/dev/fuse:/dev/fuse", MOUNTS.get(1)), "device cgroup", "--device /dev/fuse");
            List<String> filtered = new ArrayList<>(MOUNTS);
            filtered.add("--security-opt=seccomp=" + profile);
            refuses(filtered, "seccomp profile refuses it", "permit mount and umount2");
            List<String> readOnly = new ArrayList<>(MOUNTS);
            readOnly.addAll(List.of("--read-only", "--tmpfs=/tmp"));
            refuses(readOnly, "native library", "--tmpfs /tmp:exec");
        } finally {
            Files.delete(profile);
        }
    }

    private void refuses(List<String> flags, String... words) {
        Output output = docker(flags, serving("auto"));
        assertEquals(125, output.exitCode(), () -> output.out() + output.err());
        for (String word : words) {
            assertTrue(output.err().contains(word), () -> "no '" + word + "' in: " + output.err());
        }
    }

    private static List<String> serving(String transport) {
        return List.of(
                "run",
                "--mount=/tmp/m",
                "--data=/tmp/d",
                "--archive=none",
                "--set",
                "transport=" + transport,
                "--",
                "sh",
                "-c",
                "sqlite3 /tmp/m/a.db 'CREATE TABLE t(x); INSERT INTO t VALUES(42); SELECT x FROM t'");
    }

    /** Runs a container of the image to its end. */
    private Output docker(List<String> flags, List<String> words) {
        List<String> command = new ArrayList<>(List.of("docker", "run", "--rm"));
        command.addAll(flags);
        command.add(image.get());
        command.addAll(words);
        return Programs.run(LIMIT, Map.of(), command);
    }

    private static void outlive(List<GenericContainer<?>> nodes) throws Exception {
        GenericContainer<?> first = primary(nodes);
        sql(first, "PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(1)");
        for (GenericContainer<?> node : nodes) {
            awaitRows(node, "1");
        }
        first.getDockerClient().killContainerCmd(first.getContainerId()).exec();
        List<GenericContainer<?>> left = new ArrayList<>(nodes);
        left.remove(first);
        GenericContainer<?> second = primary(left);
        for (GenericContainer<?> node : left) {
            awaitRows(node, "1");
        }
        sql(second, "INSERT INTO t VALUES(2)");
        for (GenericContainer<?> node : left) {
            awaitRows(node, "2");
        }
        first.getDockerClient().startContainerCmd(first.getContainerId()).exec();
        awaitRows(first, "2");
    }

    private ImageFromDockerfile image() {
        return new ImageFromDockerfile("ltxfs-test", false)
                .withFileFromPath("Dockerfile", DOCKER.resolve("Dockerfile"))
                .withFileFromPath("docker", DOCKER)
                .withFileFromPath("ltxfs", Repository.root().resolve("ltxfs"))
                .withFileFromPath(".ltxfs-build/ltxfs.jar", Repository.root().resolve(".ltxfs-build/ltxfs.jar"))
                .withBuildArg("BASE", base)
                .withBuildImageCmdModifier(build -> build.withNetworkMode("host"));
    }

    /** The compose file's S3 server, in an image of our own: no registry is needed. */
    private GenericContainer<?> s3(ComposeFile compose) throws Exception {
        ImageFromDockerfile image = new ImageFromDockerfile("ltxfs-test-s3", false)
                .withFileFromPath("versitygw", Tools.VERSITYGW.path())
                .withDockerfileFromBuilder(builder -> builder.from(base)
                        .copy("versitygw", "/usr/local/bin/versitygw")
                        .volume("/data")
                        .build());
        return new GenericContainer<>(image)
                .withCreateContainerCmdModifier(create -> create.withEntrypoint(compose.words("s3", "entrypoint")))
                .withExposedPorts(9000)
                .waitingFor(Wait.forListeningPort().withStartupTimeout(LIMIT));
    }

    private void start(GenericContainer<?> container, ComposeFile compose, Network network, String service) {
        Map<String, String> environment = compose.environment(service);
        container
                .withNetwork(network)
                .withNetworkAliases(service)
                .withEnv(environment)
                .withCreateContainerCmdModifier(create -> {
                    HostConfig host = Objects.requireNonNull(create.getHostConfig());
                    host.withDevices(compose.words(service, "devices").stream()
                            .map(path -> new Device("rwm", path, path))
                            .toList());
                    host.withCapAdd(compose.words(service, "cap_add").stream()
                            .map(Capability::valueOf)
                            .toArray(Capability[]::new));
                    host.withCapDrop(compose.words(service, "cap_drop").stream()
                            .map(Capability::valueOf)
                            .toArray(Capability[]::new));
                    host.withSecurityOpts(compose.words(service, "security_opt"));
                    create.withHostName(service);
                });
        containers.add(container);
        container.start();
    }

    private static GenericContainer<?> primary(List<GenericContainer<?>> nodes) {
        List<GenericContainer<?>> found = new ArrayList<>();
        await("a primary").atMost(LIMIT).pollInterval(Duration.ofMillis(200)).until(() -> {
            for (GenericContainer<?> node : nodes) {
                if (node.execInContainer("ltxfs", "status", "--json")
                        .getStdout()
                        .matches("(?s).*\"role\" *: *\"primary\".*")) {
                    found.add(node);
                    return true;
                }
            }
            return false;
        });
        return found.get(0);
    }

    private static void sql(GenericContainer<?> node, String sql) throws Exception {
        ExecResult result = node.execInContainer("sqlite3", "-cmd", ".timeout 5000", "/litefs/app.db", sql);
        assertEquals(0, result.getExitCode(), () -> result + "\n" + node.getLogs());
    }

    private static void awaitRows(GenericContainer<?> node, String rows) {
        await("row " + rows + " on " + node.getContainerName())
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(200))
                .ignoreExceptions()
                .until(() -> node.execInContainer(
                                "sqlite3",
                                "-readonly",
                                "-cmd",
                                ".timeout 5000",
                                "/litefs/app.db",
                                "SELECT max(a) FROM t")
                        .getStdout()
                        .strip()
                        .equals(rows));
    }
}
