package io.ltxfs.node.cli;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.plan.RestorePlan;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.archive.plan.Step;
import io.ltxfs.archive.restore.RestoreEstimate;
import io.ltxfs.archive.restore.RestoreListener;
import io.ltxfs.archive.restore.RestoreResult;
import io.ltxfs.archive.restore.Restorer;
import io.ltxfs.archive.restore.StoppedException;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.ltx.Txid;
import io.ltxfs.node.cli.archive.ProgressLine;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** Runs restores, one or many, and reports them. A signal ends them so that they can go on later. */
final class RestoreTask {
    /** How many databases are restored at once; they share the threads that fetch. */
    private static final int AT_ONCE = 4;

    private static final int STOP_SECONDS = 30;

    private final Restorer restorer;
    private final String archive;
    private final RestoreTarget target;
    private final boolean nearest;
    private final boolean force;
    private final boolean dryRun;
    private final Report report;
    private final PrintWriter err;

    RestoreTask(
            Restorer restorer,
            String archive,
            RestoreTarget target,
            boolean nearest,
            boolean force,
            boolean dryRun,
            Report report,
            CommandLine line) {
        this.restorer = restorer;
        this.archive = archive;
        this.target = target;
        this.nearest = nearest;
        this.force = force;
        this.dryRun = dryRun;
        this.report = report;
        this.err = line.getErr();
    }

    /** Restores one database. @return the exit code */
    int one(DatabaseArchive db, @Nullable Path output) throws IOException {
        if (dryRun || output == null) {
            RestoreEstimate estimate = restorer.estimate(db, target, nearest);
            report.print(document(estimate), out -> print(estimate, out));
            return ExitCode.DONE;
        }
        RestoreResult result;
        StopOnSignal stop = new StopOnSignal();
        try (ProgressLine line = new ProgressLine(err, "restore " + db.name())) {
            result = restorer.restore(db, target, nearest, output, force, new Bar(line));
        } catch (IOException e) {
            stop.end(e instanceof StoppedException);
            throw RestoreFailure.of("restore " + db.name(), e);
        } finally {
            stop.end(false);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("archive", archive);
        document.putAll(document(result));
        report.print(document, out -> out.println(describe(result)));
        warn(result);
        return ExitCode.DONE;
    }

    /** What became of one of many. */
    private record Outcome(
            String database,
            @Nullable RestoreResult result,
            @Nullable RestoreEstimate estimate,
            @Nullable String skipped,
            @Nullable CliException failure) {}

    /** Restores many; one that fails does not stop the others. @return the exit code of the worst */
    int many(List<DatabaseArchive> databases, @Nullable Path directory) throws IOException, InterruptedException {
        ExecutorService pool = Executors.newFixedThreadPool(Math.min(AT_ONCE, databases.size()), work -> {
            Thread thread = new Thread(work, "restore");
            thread.setDaemon(true);
            return thread;
        });
        List<Outcome> outcomes = new ArrayList<>();
        StopOnSignal stop = new StopOnSignal();
        try (ProgressLine line = new ProgressLine(err, "restore")) {
            List<Future<Outcome>> futures = new ArrayList<>();
            for (DatabaseArchive db : databases) {
                futures.add(pool.submit(() -> oneOfMany(db, directory)));
            }
            for (Future<Outcome> future : futures) {
                Outcome outcome = await(future);
                outcomes.add(outcome);
                line.show(outcomes.size() + " of " + databases.size() + " databases");
            }
        } finally {
            pool.shutdown();
            stop.end(false);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("archive", archive);
        document.put("databases", outcomes.stream().map(RestoreTask::document).toList());
        report.print(document, out -> print(outcomes, out));
        int worst = ExitCode.DONE;
        for (Outcome outcome : outcomes) {
            if (outcome.failure() != null) {
                err.println("ltxfs: " + outcome.failure().getMessage());
                worst = worse(worst, outcome.failure().exitCode());
            }
            if (outcome.result() != null) {
                warn(outcome.result());
            }
        }
        err.flush();
        return worst;
    }

    /** Damage is worse than a failure, and that is worse than something that is not there. */
    private static int worse(int one, int other) {
        List<Integer> order =
                List.of(ExitCode.DONE, ExitCode.NOT_FOUND, ExitCode.WRONG_USAGE, ExitCode.FAILED, ExitCode.DATA_WRONG);
        return order.indexOf(one) > order.indexOf(other) ? one : other;
    }

    private Outcome oneOfMany(DatabaseArchive db, @Nullable Path directory) {
        try {
            if (dryRun || directory == null) {
                return new Outcome(db.name(), null, restorer.estimate(db, target, nearest), null, null);
            }
            Path output = directory.resolve(db.name()).normalize();
            if (!output.startsWith(directory.normalize())) {
                throw new IOException("the name leads out of " + directory);
            }
            Files.createDirectories(output.toAbsolutePath().getParent());
            RestoreResult result = restorer.restore(db, target, nearest, output, force, RestoreListener.NONE);
            return new Outcome(db.name(), result, null, null, null);
        } catch (IOException e) {
            @Nullable String dropped = dropped(db, e);
            return new Outcome(
                    db.name(),
                    null,
                    null,
                    dropped,
                    dropped == null ? RestoreFailure.of("restore " + db.name(), e) : null);
        } catch (RuntimeException e) {
            CliException failure = new CliException(
                    ExitCode.FAILED, "restore " + db.name(), e.toString(), "report this defect of ltxfs", e);
            return new Outcome(db.name(), null, null, null, failure);
        }
    }

    /** When a database was dropped, if it has nothing at the end for that reason; it then is no failure. */
    private @Nullable String dropped(DatabaseArchive db, IOException failure) {
        if (!(target instanceof RestoreTarget.End)
                || !(failure instanceof ArchiveException e)
                || e.kind() != ArchiveException.Kind.NOT_FOUND
                || !String.valueOf(e.getMessage()).contains("dropped")) {
            return null;
        }
        try {
            return DatabaseRecord.load(db)
                    .filter(record -> !record.drops().isEmpty())
                    .map(record -> record.drops().get(record.drops().size() - 1))
                    .map(drop -> "dropped at " + Instant.ofEpochMilli(drop.timeMillis()) + " (TXID "
                            + Txid.format(drop.txid()) + ")")
                    .orElse(null);
        } catch (IOException again) {
            return null;
        }
    }

    private static Outcome await(Future<Outcome> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private void warn(RestoreResult result) {
        for (String warning : result.warnings()) {
            err.println("ltxfs: restore " + result.database() + ": " + warning);
        }
        err.flush();
    }

    private static void print(List<Outcome> outcomes, PrintWriter out) {
        long done = 0;
        long bytes = 0;
        long millis = 0;
        for (Outcome outcome : outcomes) {
            if (outcome.result() != null) {
                out.println(describe(outcome.result()));
                done++;
                bytes += outcome.result().bytes();
                millis = Math.max(millis, outcome.result().duration().toMillis());
            } else if (outcome.estimate() != null) {
                print(outcome.estimate(), out);
                done++;
            } else if (outcome.skipped() != null) {
                out.println(outcome.database() + " was left out: " + outcome.skipped());
            } else {
                out.println(outcome.database() + " FAILED");
            }
        }
        out.println(done + " of " + outcomes.size() + " databases"
                + (bytes > 0 ? ", " + Amount.bytes(bytes) + " written" : ""));
    }

    private static String describe(RestoreResult result) {
        double seconds = result.duration().toNanos() / 1e9;
        return "restored " + result.database() + " to " + result.output() + ": TXID " + Txid.format(result.txid())
                + result.time().map(time -> " of " + time).orElse("") + ", " + Amount.bytes(result.bytes()) + " in "
                + String.format("%.2f s", seconds) + " (" + Amount.bytes(result.bytesFetched()) + " fetched"
                + (result.bytesResumed() > 0
                        ? ", " + Amount.bytes(result.bytesResumed()) + " were there from an earlier restore"
                        : "")
                + ", " + Amount.bytes((long) (result.bytes() / Math.max(seconds, 1e-3))) + "/s); "
                + (result.checksumKnown() ? "checksum " : "files verified, checksum ")
                + PageChecksum.format(result.checksum());
    }

    private static void print(RestoreEstimate estimate, PrintWriter out) {
        RestorePlan plan = estimate.plan();
        out.println(plan.database() + ": TXID " + Txid.format(plan.txid())
                + plan.time().map(time -> " of " + time).orElse("") + ", " + Amount.bytes(estimate.bytes())
                + " from " + Amount.bytes(estimate.bytesFetched()) + " in " + estimate.requests() + " requests; "
                + (plan.checksum() == 0
                        ? "every object is read whole, since the archive has no checksum of the database"
                        : "checksum " + PageChecksum.format(plan.checksum())));
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"  LEVEL", "FROM", "TO", "BYTES", "OBJECT"});
        for (Step step : plan.steps()) {
            rows.add(new String[] {
                "  " + level(step),
                Txid.format(step.fromTxid()),
                Txid.format(step.toTxid()),
                Long.toString(step.bytes()),
                step.key()
            });
        }
        Table.print(rows, out);
    }

    private static String level(Step step) {
        return step instanceof Step.Whole whole
                ? Integer.toString(whole.object().level())
                : "bundle";
    }

    private static Map<String, Object> document(RestoreResult result) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("database", result.database());
        document.put("output", result.output().toString());
        document.put("txid", Txid.format(result.txid()));
        document.put("time", result.time().map(Instant::toString).orElse(null));
        document.put("checksum", PageChecksum.format(result.checksum()));
        document.put("checksumKnown", result.checksumKnown());
        document.put("bytes", result.bytes());
        document.put("bytesFetched", result.bytesFetched());
        document.put("bytesResumed", result.bytesResumed());
        document.put("requests", result.requests());
        document.put("millis", result.duration().toMillis());
        document.put("warnings", result.warnings());
        return document;
    }

    private static Map<String, Object> document(RestoreEstimate estimate) {
        RestorePlan plan = estimate.plan();
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("database", plan.database());
        document.put("txid", Txid.format(plan.txid()));
        document.put("time", plan.time().map(Instant::toString).orElse(null));
        document.put("checksum", plan.checksum() == 0 ? null : PageChecksum.format(plan.checksum()));
        document.put("bytes", estimate.bytes());
        document.put("bytesFetched", estimate.bytesFetched());
        document.put("requests", estimate.requests());
        document.put("steps", plan.steps().stream().map(RestoreTask::document).toList());
        document.put("warnings", plan.warnings());
        return document;
    }

    private static Map<String, Object> document(Step step) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("level", level(step));
        document.put("minTxid", Txid.format(step.fromTxid()));
        document.put("maxTxid", Txid.format(step.toTxid()));
        document.put("bytes", step.bytes());
        document.put("object", step.key());
        return document;
    }

    private static Map<String, Object> document(Outcome outcome) {
        if (outcome.result() != null) {
            return document(outcome.result());
        }
        if (outcome.estimate() != null) {
            return document(outcome.estimate());
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("database", outcome.database());
        if (outcome.skipped() != null) {
            document.put("skipped", outcome.skipped());
        }
        if (outcome.failure() != null) {
            document.put("error", outcome.failure().getMessage());
            document.put("exitCode", outcome.failure().exitCode());
        }
        return document;
    }

    /** Shows one database's progress. */
    private final class Bar implements RestoreListener {
        private static final int WIDTH = 30;

        private final ProgressLine line;

        Bar(ProgressLine line) {
            this.line = line;
        }

        @Override
        public void progress(long pages, long pagesTotal, long bytesFetched) {
            if (report.json() || pagesTotal == 0) {
                return;
            }
            int filled = (int) (WIDTH * pages / pagesTotal);
            line.show("[" + "#".repeat(filled) + "-".repeat(WIDTH - filled) + "] " + 100 * pages / pagesTotal + " %, "
                    + Amount.bytes(bytesFetched) + " fetched");
        }

        @Override
        public void note(String text) {
            line.close();
            err.println("ltxfs: " + text);
            err.flush();
        }
    }

    /** Lets a signal end the restores, and waits until their progress is noted. */
    private final class StopOnSignal {
        private final CountDownLatch ended = new CountDownLatch(1);
        private final Thread hook = new Thread(this::stop, "restore-stop");

        StopOnSignal() {
            Runtime.getRuntime().addShutdownHook(hook);
        }

        private void stop() {
            restorer.stop();
            try {
                ended.await(STOP_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            err.println();
            err.println("ltxfs: restore: stopped; run the same command again, it goes on where it was");
            err.flush();
        }

        /**
         * The restores have ended.
         *
         * @param stopped whether a signal did it: what is to be said is said by the thread that ends the JVM
         */
        void end(boolean stopped) {
            ended.countDown();
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                while (stopped) {
                    LockSupport.park();
                }
            }
        }
    }
}
