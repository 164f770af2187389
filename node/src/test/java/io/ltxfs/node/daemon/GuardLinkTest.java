package io.ltxfs.node.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What the guard says, and what becomes of it. */
class GuardLinkTest {
    @Test
    void theGuardIsHeardAfterSomethingThatFailed() throws Exception {
        byte[] said = "reload\napp x y\nstop 5000\n".getBytes(StandardCharsets.UTF_8);
        GuardLink link =
                new GuardLink(new ByteArrayInputStream(said), new PrintStream(OutputStream.nullOutputStream()));
        link.listen(() -> {
            throw new IllegalStateException("the certificates cannot be read");
        });
        GuardLink.Stop stop = link.stop().get(60, TimeUnit.SECONDS);
        assertEquals(new GuardLink.Stop(GuardLink.Stop.Cause.ASKED, Duration.ofSeconds(5)), stop);
    }
}
