package io.ltxfs.archive.compact;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** What holds of an archive at every moment, whatever was killed or failed. */
final class Invariants {
    private Invariants() {}

    /** The end, and everything within history, can be restored exactly; Litestream's plan reaches the end. */
    static void check(DatabaseArchive database, MadeArchive made, Duration history, String when) throws IOException {
        Holdings holdings = Holdings.read(database);
        List<LtxObject> plan = PlanModel.litestream(holdings);
        assertEquals(
                made.uploaded(), plan.isEmpty() ? 0 : plan.get(plan.size() - 1).maxTxid(), when);
        assertTrue(
                holdings.level(1).isEmpty() || plan.stream().anyMatch(object -> object.level() == 1),
                () -> when + ": " + plan);
        assertEquals(made.uploaded(), holdings.newest(0).map(LtxObject::maxTxid).orElse(0L), when);
        TestRestore restore = new TestRestore(database);
        for (int txid = made.uploaded(); txid > 0; txid--) {
            int wanted = txid;
            byte[] content = restore.at(txid)
                    .orElseThrow(() -> new AssertionError(when + ": transaction " + wanted + " cannot be restored"));
            assertArrayEquals(made.states.get(txid), content, when);
            if (made.time(txid).isBefore(made.clock.instant().minus(history))) {
                break;
            }
        }
    }
}
