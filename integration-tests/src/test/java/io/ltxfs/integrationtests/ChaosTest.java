package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ltxfs.integrationtests.Programs.Output;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A dozen processes on six databases at once, some of them killed: {@code chaos.py} says what must hold. */
@RealMount
final class ChaosTest {

    @Test
    @Timeout(600)
    void manyProcessesAtOnce() {
        run(Long.getLong("ltxfs.seed", 1), 15);
    }

    @Tag("long")
    @Test
    @Timeout(900)
    void manyProcessesForLonger() {
        run(Long.getLong("ltxfs.seed", 2), 300);
    }

    private static void run(long seed, int seconds) {
        try (NodeUnderTest node = NodeUnderTest.started()) {
            Output output = Programs.python(
                    Duration.ofSeconds(seconds + 400L),
                    "chaos.py",
                    "--mount",
                    node.mount().toString(),
                    "--seed",
                    Long.toString(seed),
                    "--seconds",
                    Integer.toString(seconds));
            assertEquals(0, output.exitCode(), () -> output.out() + output.err() + "\n" + node.log());
            System.out.println("ChaosTest: " + output.out().strip());
            assertEquals(0, node.stop(), node::log);
        }
    }
}
