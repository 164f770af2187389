package io.ltxfs.integrationtests;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The network of the cluster tests cuts what it says, and nothing else. */
@RealMount
final class TestNetworkTest {
    /** Who can answer does so at once, unless the machine is busy. */
    private static final String PATIENT = "60";

    private static final String SHORT = "2";

    @Test
    void linksAreCutAndHealed() {
        try (TestNetwork network = TestNetwork.create(3)) {
            assertTrue(reaches(PATIENT, network, 1, network.address(2)));
            assertTrue(reaches(PATIENT, network, 1, network.here()));
            network.cut(1, 2);
            assertFalse(reaches(SHORT, network, 1, network.address(2)));
            assertFalse(reaches(SHORT, network, 2, network.address(1)));
            assertTrue(reaches(PATIENT, network, 1, network.address(3)));
            assertTrue(reaches(PATIENT, network, 3, network.address(2)));
            network.heal();
            assertTrue(reaches(PATIENT, network, 1, network.address(2)));
            network.cutOneWay(1, 2);
            assertFalse(reaches(SHORT, network, 1, network.address(2)));
            network.heal();
            network.cutFromHere(1, 9);
            assertFalse(reaches(SHORT, network, 1, network.here()));
            assertTrue(reaches(PATIENT, network, 2, network.here()));
        }
    }

    /** Whether somebody answers, be it to say that nobody listens on the port. */
    private static boolean reaches(String seconds, TestNetwork network, int node, String address) {
        List<String> command = new ArrayList<>(network.prefix(node));
        command.addAll(List.of("timeout", seconds, "bash", "-c", "exec 3<>/dev/tcp/" + address + "/9"));
        return Programs.run(Duration.ofSeconds(120), Map.of(), command).exitCode() != 124;
    }
}
