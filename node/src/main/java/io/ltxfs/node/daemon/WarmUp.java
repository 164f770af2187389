package io.ltxfs.node.daemon;

import io.ltxfs.fusefs.Mount;
import io.ltxfs.node.config.LoadedConfig;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.roles.AloneRoles;
import io.ltxfs.node.roles.ClusterView;
import io.ltxfs.node.roles.Roles;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads what a node loads, without mounting anything; see {@code WarmUpCommand}. */
public final class WarmUp {
    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

    private WarmUp() {}

    /** Serves status and metrics to itself on a free port of the loopback. */
    public static void run(LoadedConfig loaded) throws NodeException, IOException {
        Archiving archiving = Archiving.open(loaded.config());
        LtxfsConfig config = loaded.config();
        Roles roles = new AloneRoles(
                new ClusterView.Member(
                        config.node().id(), config.node().advertise().toString()),
                () -> false,
                java.util.List::of);
        MetricsText metrics = new MetricsText(archiving, roles::view);
        Optional<Mount> none = Optional.empty();
        PositionWaits waits = new PositionWaits(database -> 0);
        HttpApi api = new HttpApi(
                () -> StatusDocument.of(config, 0, "", none, archiving, roles.view(), loaded.notices()),
                () -> none,
                metrics,
                roles,
                waits);
        try (archiving;
                waits;
                HttpPort port = HttpPort.open(loaded.config().httpListen())) {
            port.serve(api, "");
            for (String path : new String[] {"/status", "/metrics"}) {
                try (InputStream in =
                        URI.create("http://" + port.address() + path).toURL().openStream()) {
                    in.readAllBytes();
                }
            }
        }
        Path data = Files.createTempDirectory("ltxfs-warm-up");
        try {
            StoppedNode.open(data).close();
        } finally {
            removeAll(data);
        }
        LOG.debug("warmed up classes={}", loadAll());
    }

    /** Loads our own classes, also those that only a mount would use. */
    private static int loadAll() throws IOException {
        String jar = System.getProperty("java.class.path", "");
        if (!jar.endsWith(".jar")) {
            return 0;
        }
        int loaded = 0;
        try (JarFile file = new JarFile(jar)) {
            for (JarEntry entry : Collections.list(file.entries())) {
                String name = entry.getName();
                if (name.startsWith("io/ltxfs/") && name.endsWith(".class") && !name.contains("-info")) {
                    String className =
                            name.substring(0, name.length() - ".class".length()).replace('/', '.');
                    try {
                        Class.forName(className, false, WarmUp.class.getClassLoader());
                        loaded++;
                    } catch (ClassNotFoundException | LinkageError e) {
                        LOG.debug("could not load a class name={}", className, e);
                    }
                }
            }
        }
        return loaded;
    }

    private static void removeAll(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
