package io.ltxfs.lease;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Each rule broken must be caught by the simulation that finds nothing wrong with the shipped code, with its own verdict. */
class LeaseMutantsTest {
    private static final int SEEDS = Integer.getInteger("sim.mutant.seeds", 1500);
    private static final String MACHINE = "LeaseMachine.java";
    private static final String VIEW = "LeaseView.java";
    private static final String QUORUMS = "QuorumWrites.java";
    private static final String BOTH = "both .* hold it";

    private static final List<LeaseMutant> MUTANTS = List.of(
            new LeaseMutant(
                    "deadline from the reply instead of the request",
                    MACHINE,
                    "long deadline = sent.sentAt + settings.holderNanos(); Holding held = holding;",
                    "long deadline = now + settings.holderNanos(); Holding held = holding;",
                    "longer than a term after it asked|" + BOTH),
            new LeaseMutant(
                    "candidate does not wait a full term",
                    MACHINE,
                    "settings.candidateNanos(record.ttlMillis())",
                    "settings.ttl().toNanos() * 3 / 4",
                    BOTH),
            new LeaseMutant(
                    "candidate forgets that clocks run at different rates",
                    "LeaseSettings.java",
                    "* (1 + clockRateError) / (1 - clockRateError)",
                    "",
                    BOTH),
            new LeaseMutant(
                    "a renewal does not restart the candidate's wait",
                    VIEW,
                    "if (!newEtag.equals(etag)) { supersede(newEtag);",
                    "if (!newEtag.equals(etag)) { if (record != null && record.epoch() == newRecord.epoch()) {"
                            + " now = since; } supersede(newEtag);",
                    BOTH),
            new LeaseMutant(
                    "an ambiguous put believed without a second renewal",
                    MACHINE,
                    "ghost.renewNow = true;",
                    "ghost.renewNow = true; ghost.proven = true; term = new Term(ghost.epoch, deadline);",
                    "by a write that was not answered"),
            new LeaseMutant(
                    "an ambiguous renewal extends the term",
                    MACHINE,
                    "held.etag = found.etag(); held.renewNow = true;",
                    "held.etag = found.etag(); held.renewNow = true; held.deadline = now + settings.holderNanos();"
                            + " term = new Term(held.epoch, held.deadline);",
                    "longer than a term after it asked|" + BOTH + "|after a pause"),
            new LeaseMutant(
                    "pause not noticed",
                    MACHINE,
                    "return now - lastPoll > settings.ttl().toNanos() / 3;",
                    "return now - lastPoll > settings.ttl().toNanos() * 100;",
                    "after a pause without a fresh renewal"),
            new LeaseMutant(
                    "a renewal sent before the pause counts after it",
                    MACHINE,
                    "paused && sent.sentAt - freshFrom < 0",
                    "paused && sent.sentAt - freshFrom < -settings.ttl().toNanos() * 100",
                    "after a pause without a fresh renewal"),
            new LeaseMutant(
                    "quorum dropped at acquisition",
                    MACHINE,
                    "offered && record.vouched(), record.quorum())",
                    "offered && record.vouched(), Optional.empty())",
                    "the quorum .* became Optional.empty"),
            new LeaseMutant(
                    "quorum believed when it is sent",
                    QUORUMS,
                    "sent = wanted; wanted = null;",
                    "proven = wanted; wanted = null;",
                    "believes that the quorum is"),
            new LeaseMutant(
                    "whoever takes an offer has the voucher",
                    MACHINE,
                    "offered && record.vouched(),",
                    "record.vouched(),",
                    "voucher that nobody gave"),
            new LeaseMutant(
                    "the epoch stays when the lease was given back",
                    MACHINE,
                    "offered ? record.epoch() : record.epoch() + 1",
                    "offered || record.state() == State.RELEASED ? record.epoch() : record.epoch() + 1",
                    "epoch \\d+ of .* after|holds epoch \\d+ again"),
            new LeaseMutant(
                    "a lost epoch comes back",
                    MACHINE,
                    "return Long.compareUnsigned(record.epoch(), lostEpoch) > 0;",
                    "return true;",
                    "holds epoch \\d+ again"),
            new LeaseMutant(
                    "commits go on while the lease is given away",
                    MACHINE,
                    "held.renewNow = true; candidate = false; term = null; return true;",
                    "held.renewNow = true; candidate = false; return true;",
                    BOTH),
            new LeaseMutant(
                    "a lease object that is gone is made anew",
                    VIEW,
                    "if (existed) {",
                    "if (existed && record != null) {",
                    "makes the object anew"));

    @TestFactory
    Stream<DynamicTest> catchesEveryMutant() {
        return MUTANTS.stream()
                .map(mutant -> DynamicTest.dynamicTest(mutant.name(), () -> {
                    String verdict = hunt(mutant);
                    System.out.println("lease mutant \"" + mutant.name() + "\": " + verdict);
                    assertTrue(
                            Pattern.compile(mutant.verdict()).matcher(verdict).find(),
                            () -> "caught, but not as it should be: " + verdict);
                }));
    }

    /** What the simulation says. */
    private static String hunt(LeaseMutant mutant) throws Exception {
        Method run =
                mutant.load().loadClass(LeaseSimulationTest.class.getName()).getDeclaredMethod("run", long.class);
        run.setAccessible(true);
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                run.invoke(null, seed);
            } catch (InvocationTargetException e) {
                return String.valueOf(e.getCause().getMessage());
            }
        }
        return "NOT CAUGHT in " + SEEDS + " runs";
    }
}
