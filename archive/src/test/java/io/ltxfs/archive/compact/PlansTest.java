package io.ltxfs.archive.compact;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlansTest {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anArchiveStaysWholeWhateverHappens(boolean concurrent) {
        int deleted = 0;
        for (long seed = 1; seed <= 30; seed++) {
            PlanSimulation simulation = new PlanSimulation(seed, concurrent);
            simulation.run(2000);
            deleted += simulation.deleted;
        }
        assertTrue(deleted > 1000, "retention deleted only " + deleted);
    }
}
