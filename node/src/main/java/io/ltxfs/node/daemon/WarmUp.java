package io.ltxfs.node.daemon;

import io.ltxfs.fusefs.Mount;
import io.ltxfs.node.config.LoadedConfig;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads what a node loads, without mounting anything; see {@code WarmUpCommand}. */
public final class WarmUp {
    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

    private WarmUp() {}

    /** Serves status and metrics to itself on a free port of the loopback. */
    public static void run(LoadedConfig loaded) throws NodeException, IOException {
        MetricsText metrics = new MetricsText();
        Optional<Mount> none = Optional.empty();
        HttpApi api = new HttpApi(
                () -> StatusDocument.of(loaded.config(), 0, "", none, loaded.notices()), () -> none, metrics);
        try (HttpPort port = HttpPort.open(loaded.config().httpListen())) {
            port.serve(api, "");
            for (String path : new String[] {"/status", "/metrics"}) {
                try (InputStream in =
                        URI.create("http://" + port.address() + path).toURL().openStream()) {
                    in.readAllBytes();
                }
            }
        }
        LOG.debug("warmed up pid={}", ProcessHandle.current().pid());
    }
}
