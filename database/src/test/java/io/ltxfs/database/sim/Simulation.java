package io.ltxfs.database.sim;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.DatabaseSetOptions;
import io.ltxfs.database.Position;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.LogOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One run of one trace: after each operation of the disk, and so inside the node's own steps too, the machine or the
 * process may die; the image that is left is recovered and judged while the run goes on.
 */
final class Simulation {

    /**
     * How one run goes.
     *
     * @param seed everything that is drawn is drawn from it
     * @param rate the share of disk operations after which a cut is made, 0 to 1
     * @param onlyOperation the index of the only record in which cuts are made, or -1
     * @param failuresMax when to stop
     * @param faults whether the disk fails at some point; a run ends with the first call that fails because of it, since
     *     what SQLite does then was not recorded
     */
    record Plan(long seed, double rate, int onlyOperation, int failuresMax, boolean faults) {}

    /** What was found wrong, and how to see it again. */
    record Failure(String workload, long seed, int operation, String record, String cut, String message) {
        @Override
        public String toString() {
            return "%s: %s\n    at operation %d (%s), %s\n    again: -Dsim.workload=%s -Dsim.seed=%d -Dsim.op=%d"
                    .formatted(workload, message, operation, record, cut, workload, seed, operation);
        }
    }

    /** Counts of a run. */
    static final class Result {
        long powerCuts;
        long kills;
        long secondCrashes;
        long secondLives;
        long operations;
        long diskOperations;
        long syncs;
        long faults;
        final List<Failure> failures = new ArrayList<>();

        void add(Result other) {
            powerCuts += other.powerCuts;
            kills += other.kills;
            secondCrashes += other.secondCrashes;
            secondLives += other.secondLives;
            operations += other.operations;
            diskOperations += other.diskOperations;
            syncs += other.syncs;
            faults += other.faults;
            failures.addAll(other.failures);
        }

        @Override
        public String toString() {
            return "%d power cuts, %d kills, %d second crashes, %d second lives, %d calls, %d disk operations, %d syncs, %d disk faults, %d failures"
                    .formatted(
                            powerCuts,
                            kills,
                            secondCrashes,
                            secondLives,
                            operations,
                            diskOperations,
                            syncs,
                            faults,
                            failures.size());
        }
    }

    /** Enough was found. */
    private static final class Enough extends Error {
        private static final long serialVersionUID = 1L;

        Enough() {
            super("enough", null, false, false);
        }
    }

    private final Trace trace;
    private final Plan plan;
    private final Random pace;
    private final double taskRate;
    private final double maintainRate;
    private final DatabaseSetOptions options;
    private final Oracle oracle;
    private final List<String> names;
    private final Result result = new Result();
    private final SimDisk disk;
    private int operation;
    private int diskOperation;
    private boolean stopped;
    private final DiskFault fault;
    private @Nullable FeedWatch watch;

    Simulation(Trace trace, Plan plan) {
        this.trace = trace;
        this.plan = plan;
        pace = new Random(plan.seed * 31 + 7);
        // Background work that lags, hurries, hardly runs, or nearly never.
        taskRate = new double[] {0.3, 1, 0.05, 0.004}[(int) Math.floorMod(plan.seed, 4L)];
        maintainRate = new double[] {0.04, 0.12, 0.02}[(int) Math.floorMod(plan.seed, 3L)];
        options = options(plan.seed);
        oracle = new Oracle(trace.mode());
        names = names(trace);
        disk = new SimDisk(plan.seed);
        fault = new DiskFault(
                new Random(plan.seed * 17 + trace.name().hashCode()),
                3 * trace.records().size());
    }

    static Result run(Trace trace, Plan plan) {
        Simulation simulation = new Simulation(trace, plan);
        try {
            simulation.runToTheEnd();
        } catch (Enough e) {
            // The failures are in the result.
        }
        return simulation.result;
    }

    private static DatabaseSetOptions options(long seed) {
        // Small segments, so that they are sealed and trimmed; every other seed keeps the whole history.
        long maxBytes = seed % 2 == 0 ? 64 << 20 : 32 << 10;
        LogOptions log = new LogOptions(24 << 10, maxBytes, true, false);
        long[] clock = {1_700_000_000_000L};
        return new DatabaseSetOptions(log, name -> false, seed % 3 == 1 ? 4 << 10 : 1 << 20, () -> clock[0]++);
    }

    private static List<String> names(Trace trace) {
        return trace.records().stream()
                .map(TraceRecord::path)
                .filter(path -> path.endsWith(".db") && !path.equals("y.db"))
                .distinct()
                .sorted()
                .toList();
    }

    private void runToTheEnd() {
        try {
            run();
        } catch (Exception | AssertionError e) {
            fail("while running", text(e));
        }
    }

    private void run() throws IOException {
        SimHost host = new SimHost();
        DatabaseSet set = DatabaseSet.open(disk, options, host);
        watch = new FeedWatch(set, oracle, new Random(plan.seed * 13 + 5));
        host.onLateRefusal(() -> {
            // Another database's commit makes the log durable before this one is withdrawn (F9).
            flush(set);
            watch();
        });
        disk.hook((kind, path) -> {
            afterDiskOperation(kind, path);
            if (pace.nextInt(4) == 0) {
                watch();
            }
            if (kind == SimDisk.Kind.SYNC_START && path.startsWith(DatabaseSet.FILES + "/") && pace.nextBoolean()) {
                // A database file is synced without a lock: other work goes on meanwhile (R12).
                host.runTask();
            }
        });
        TraceDriver driver = new TraceDriver(set, disk, host);
        if (plan.faults) {
            disk.faults(fault);
            driver.faults(fault);
        }
        driver.diskRefuses(plan.seed % 2 == 1);
        driver.leaseEndsLate(plan.faults ? 0 : (int) (plan.seed % 4) * 3);
        result.operations = trace.records().size();
        for (TraceRecord record : trace.records()) {
            diskOperation = 0;
            if (record.kind() == TraceRecord.MARK) {
                mark(set, driver, host, Mark.parse(record.data()));
            } else {
                if (plan.faults ? failed(set, driver, record) : driver.apply(record)) {
                    if (plan.faults && unsettled(set)) {
                        // The disk failed in the refusal itself: until it is settled either outcome may be found.
                        return;
                    }
                    oracle.refused();
                    cut("after the refusal");
                }
                if (plan.faults && fault.happened() && stopped) {
                    return;
                }
                settled(record);
                watch();
                if (!refusalComes()) {
                    breathe(set, host);
                }
            }
            operation++;
        }
        operation--;
        while (host.runTask()) {
            // All of it.
        }
        fault.pause(true);
        live(Checker.history(set, oracle, names));
        disk.hook((kind, path) -> {});
        set.flush();
        watch();
        if (watch != null) {
            live(watch.complete());
        }
        set.close();
        reopened();
        result.syncs = disk.syncs();
        result.diskOperations = disk.operations();
    }

    /** Makes a call on a disk that may fail: then the application was told so, and what it had done is undone. */
    private boolean failed(DatabaseSet set, TraceDriver driver, TraceRecord record) throws IOException {
        try {
            return driver.apply(record);
        } catch (TraceDriver.Diverged | DiskException e) {
            if (!fault.happened() || e.getMessage().contains("completed")) {
                throw e;
            }
        }
        stopped = true;
        fault.end();
        result.faults++;
        if (!unsettled(set) && decides(record)) {
            oracle.refused();
        }
        for (int i = 0; i < 6; i++) {
            Random draw = new Random(plan.seed * 1_000_003 + operation + i);
            crash("after " + fault, draw, i % 3 != 0);
        }
        return false;
    }

    private static boolean unsettled(DatabaseSet set) {
        return set.all().stream()
                .anyMatch(database -> database.warnings().stream().anyMatch(w -> w.contains("abort")));
    }

    /** Whether an error of this call tells the application that its transaction has failed. */
    private static boolean decides(TraceRecord record) {
        boolean side = record.path().endsWith("-journal") || record.path().endsWith("-wal");
        return switch (record.kind()) {
            case TraceRecord.SYNC, TraceRecord.UNLINK -> true;
            case TraceRecord.WRITE, TraceRecord.TRUNCATE -> side;
            default -> false;
        };
    }

    /** Takes what the feed gives. */
    private void watch() {
        FeedWatch following = watch;
        if (following == null || stopped) {
            return;
        }
        boolean paused = fault.pause(true);
        try {
            live(following.drain());
        } catch (DiskException e) {
            fail("while running", "the feed cannot be read: " + text(e));
        }
        fault.pause(paused);
    }

    private void flush(DatabaseSet set) {
        boolean paused = fault.pause(true);
        try {
            set.flush();
        } catch (DiskException e) {
            fail("while running", text(e));
        }
        fault.pause(paused);
    }

    /** A clean stop and start changes nothing. */
    private void reopened() throws IOException {
        try (DatabaseSet again = DatabaseSet.open(disk, options, new SimHost())) {
            live(Checker.recovered(again, disk, names, oracle, false));
            live(Checker.history(again, oracle, names));
        }
    }

    private void mark(DatabaseSet set, TraceDriver driver, SimHost host, Mark mark) throws IOException {
        if (mark.kind().equals("exit")) {
            driver.exited(Integer.parseInt(mark.fields().get("pid")));
            return;
        }
        if (mark.is("adopted")) {
            while (host.runTask()) {
                // Adoption is background work.
            }
        }
        oracle.mark(mark);
        fault.pause(true);
        live(Checker.live(set, oracle, mark));
        fault.pause(false);
        if (!mark.kind().equals("try")) {
            cut("after the mark " + mark.kind());
        }
    }

    /** What a call that has returned promises. */
    private void settled(TraceRecord record) {
        String path = record.path();
        if (record.kind() == TraceRecord.SYNC) {
            if (path.endsWith("-wal")) {
                oracle.flushed(path.substring(0, path.length() - 4));
            } else if (path.endsWith(".db") && trace.mode().equals("wal_normal")) {
                oracle.flushed(path);
            }
        }
    }

    /** Whether a call is refused soon: one that finds its work done in the background has nothing to fail with. */
    private boolean refusalComes() {
        int end = Math.min(operation + 8, trace.records().size());
        return trace.records().subList(operation, end).stream().anyMatch(r -> r.kind() == TraceRecord.REFUSED);
    }

    private void breathe(DatabaseSet set, SimHost host) {
        if (pace.nextDouble() < taskRate) {
            host.runTask();
        }
        if (pace.nextDouble() < maintainRate) {
            set.maintain();
            host.runAnswers();
        }
    }

    private void afterDiskOperation(SimDisk.Kind kind, String path) {
        diskOperation++;
        cut("after the node's " + kind + " of " + path + " (disk operation " + diskOperation + ")");
    }

    private void cut(String where) {
        if (plan.onlyOperation >= 0 && plan.onlyOperation != operation) {
            return;
        }
        Random draw =
                new Random((plan.seed * 1_000_003 + operation) * 1_000_003 + diskOperation * 31L + where.length());
        draw.nextInt();
        if (draw.nextDouble() >= plan.rate) {
            return;
        }
        crash(where, draw, true);
        if (draw.nextDouble() < 0.3) {
            crash(where, draw, true);
            crash(where, draw, false);
        }
    }

    private void crash(String where, Random draw, boolean powerCut) {
        boolean lostPower = powerCut;
        SimDisk image = powerCut ? disk.powerCut(draw.nextLong()) : disk.kill();
        String how = (powerCut ? "power cut " : "kill ") + where;
        if (powerCut) {
            result.powerCuts++;
        } else {
            result.kills++;
        }
        try {
            if (draw.nextDouble() < 0.05) {
                how += ", then " + failsInRecovery(image, draw);
                image = lostPower ? image.powerCut(draw.nextLong()) : image.kill();
            }
            if (draw.nextDouble() < 0.3) {
                int steps = 1 + draw.nextInt(40);
                if (diesInRecovery(image, steps)) {
                    result.secondCrashes++;
                    boolean second = powerCut || draw.nextBoolean();
                    lostPower |= second;
                    how += ", a second one after " + steps + " operations of recovery";
                }
                image = lostPower ? image.powerCut(draw.nextLong()) : image.kill();
            }
            judge(image, draw, how, lostPower);
        } catch (IOException | RuntimeException | AssertionError e) {
            fail(how, text(e));
        }
    }

    private void judge(SimDisk image, Random draw, String how, boolean lostPower) throws IOException {
        SimHost host = new SimHost();
        DatabaseSet set = DatabaseSet.open(image, options, host);
        List<String> wrong = Checker.recovered(set, image, names, oracle, lostPower);
        if (wrong.isEmpty() && watch != null && draw.nextBoolean()) {
            wrong = watch.recovered(set);
        }
        if (wrong.isEmpty() && draw.nextDouble() < 0.15) {
            wrong = undecided(set, image, draw);
        }
        if (wrong.isEmpty() && draw.nextDouble() < 0.15) {
            result.secondLives++;
            wrong = new SecondLife(set, image, host, options, draw).live(names);
        }
        wrong.forEach(message -> fail(how, message));
    }

    /** A recovery on a disk that fails leaves the next one, on a disk that does not, as much as it found. */
    private String failsInRecovery(SimDisk image, Random draw) {
        DiskFault error = new DiskFault(draw, 40);
        image.faults(error);
        try {
            DatabaseSet.open(image, options, new SimHost());
        } catch (DiskException e) {
            // As it should be, or a database is quarantined until the next start.
        } finally {
            image.faults((kind, path) -> 0);
        }
        return error + " in recovery";
    }

    /** What a recovery has decided is decided: another power cut changes nothing (R16). */
    private List<String> undecided(DatabaseSet set, SimDisk image, Random draw) throws IOException {
        List<String> wrong = new ArrayList<>();
        DatabaseSet again = DatabaseSet.open(image.powerCut(draw.nextLong()), options, new SimHost());
        for (String name : names) {
            Position before = set.find(name).map(Database::position).orElse(Position.NONE);
            Position after = again.find(name).map(Database::position).orElse(Position.NONE);
            if (!after.equals(before)) {
                wrong.add(name + ": was recovered at " + before + ", and after another power cut at " + after);
            }
        }
        return wrong;
    }

    private boolean diesInRecovery(SimDisk image, int steps) throws DiskException {
        int[] left = {steps};
        image.hook((kind, path) -> {
            if (--left[0] <= 0) {
                image.freeze();
                throw new PowerLoss("in recovery");
            }
        });
        try {
            DatabaseSet.open(image, options, new SimHost());
            return false;
        } catch (PowerLoss e) {
            return true;
        } finally {
            image.hook((kind, path) -> {});
        }
    }

    private void live(List<String> wrong) {
        wrong.forEach(message -> fail("while running", message));
    }

    private void fail(String how, String message) {
        String record = operation < trace.records().size()
                ? trace.records().get(operation).toString()
                : "end";
        result.failures.add(new Failure(trace.name(), plan.seed, operation, record, how, message));
        if (result.failures.size() >= plan.failuresMax) {
            throw new Enough();
        }
    }

    private static String text(Throwable e) {
        StringWriter text = new StringWriter();
        e.printStackTrace(new PrintWriter(text));
        String[] lines = text.toString().split("\n");
        return String.join("\n", List.of(lines).subList(0, Math.min(14, lines.length)));
    }
}
