package io.ltxfs.node.cli.lease;

import io.ltxfs.lease.Lease;
import io.ltxfs.lease.LeaseAnswer;
import io.ltxfs.lease.LeaseObject;
import io.ltxfs.lease.LeaseRecord;
import io.ltxfs.lease.LeaseRecord.State;
import io.ltxfs.lease.LeaseRequest;
import io.ltxfs.lease.Quorum;
import io.ltxfs.node.cli.CliException;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.node.cli.GlobalOptions;
import io.ltxfs.objectstore.ObjectStore;
import java.io.Console;
import java.io.PrintWriter;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Takes the lease from a holder that is dead, puts back an object that is gone, or raises an epoch that went back. What was
 * not watched for a whole term is written so that every node waits for one: the holder may live.
 */
@Command(
        name = "break",
        description =
                "Break a dead lease on purpose. Nodes take it by themselves when its TTL has passed: this is for a"
                        + " holder that hangs and still renews, and for an object that was deleted or put back from a copy. Watches"
                        + " the lease for a whole term first, and refuses if its holder renews it.",
        footer = {
            "",
            "Examples:",
            "  ltxfs lease break --lease s3://bucket/cluster",
            "  ltxfs lease break --epoch 12 --force   # the object was deleted; 12 is the highest that 'ltxfs status' shows"
        })
final class LeaseBreakCommand implements Callable<Integer> {
    private static final String WHAT = "lease break";
    /** Who holds a lease that was broken: nobody has this identity. */
    private static final String NOBODY = "broken";

    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    LeaseSource source = new LeaseSource();

    @Option(
            names = "--force",
            description =
                    "Do not ask, and do not watch whether the holder renews it; it stops at its next renewal, and the"
                            + " others wait for a TTL.")
    boolean force;

    @Option(
            names = "--epoch",
            paramLabel = "N",
            description =
                    "The highest epoch that any node has seen: to put an object back that is gone or damaged, or to"
                            + " raise one that went back.")
    @Nullable
    Long epoch;

    @Spec
    @SuppressWarnings("NullAway.Init")
    CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        if (epoch != null && epoch < 1) {
            throw new CliException(ExitCode.WRONG_USAGE, "--epoch", "must be 1 or more", "see 'ltxfs status'");
        }
        LeaseSource.Place place = source.place();
        try (ObjectStore store = place.open()) {
            LeaseObject object = new LeaseObject(store);
            Optional<Lease.Seen> seen = read(object);
            if (seen.isPresent()) {
                return breakIt(object, seen.get());
            }
            return putBack(object, place.ttl());
        }
    }

    /** Empty also if it is damaged and may be replaced. */
    private Optional<Lease.Seen> read(LeaseObject object) {
        try {
            return LeaseLook.read(object);
        } catch (CliException e) {
            if (epoch != null && object.isDamaged()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private int breakIt(LeaseObject object, Lease.Seen seen) throws InterruptedException {
        LeaseRecord record = seen.record();
        long wanted = epoch == null ? record.epoch() : epoch;
        if (Long.compareUnsigned(wanted, record.epoch()) < 0) {
            throw new CliException(
                    ExitCode.WRONG_USAGE,
                    "--epoch",
                    "the lease has epoch " + Long.toUnsignedString(record.epoch()) + ", and it must never go back",
                    "leave it out");
        }
        if (record.state() == State.RELEASED && wanted == record.epoch()) {
            return done(object.describe() + ": nobody holds it; there is nothing to break");
        }
        boolean watched = record.state() == State.RELEASED;
        if (!watched && !force) {
            watch(object, seen);
            watched = true;
        }
        confirm("break the lease " + object.describe() + " of node '" + record.node() + "', epoch "
                + Long.toUnsignedString(record.epoch()));
        State state = watched ? State.RELEASED : State.HELD;
        store(
                object,
                new LeaseRequest.Replace(seen.etag(), broken(wanted, record.ttlMillis(), state, record.quorum())));
        return done(object.describe() + ": broken, epoch " + Long.toUnsignedString(wanted) + "; "
                + (watched
                        ? "whichever node stands first takes it"
                        : "nodes take it after its TTL of " + record.ttlMillis() / 1000.0 + " s"));
    }

    private void watch(LeaseObject object, Lease.Seen seen) throws InterruptedException {
        Duration term = Duration.ofMillis(seen.record().ttlMillis() * 11 / 10 + 100);
        PrintWriter err = spec.commandLine().getErr();
        err.println("watches for " + term.toMillis() / 1000.0 + " s whether node '"
                + seen.record().node() + "' renews it");
        err.flush();
        LeaseLook.Watched watched = LeaseLook.watch(object, seen, term);
        if (watched.changed()) {
            throw new CliException(
                    ExitCode.FAILED,
                    WHAT,
                    "node '" + watched.seen().record().node() + "' renews it",
                    "stop that node, or use 'ltxfs handoff'; --force takes the lease from a node that hangs");
        }
    }

    private int putBack(LeaseObject object, Duration ttl) {
        Long wanted = epoch;
        if (wanted == null) {
            throw new CliException(
                    ExitCode.NOT_FOUND,
                    object.describe(),
                    "there is no lease",
                    "if it was deleted, put it back with --epoch N, N being the highest epoch that 'ltxfs status' shows on"
                            + " any node");
        }
        confirm("put the lease " + object.describe() + " back with epoch " + wanted
                + ". Start all nodes before it is taken: whose acknowledgements counted is not known any more");
        // Who acknowledged is lost with the object: the next primary asks all that it can reach, and the archive.
        Quorum unknown = new Quorum(wanted, "unknown", "", List.of(), 0, true);
        LeaseRecord record = broken(wanted, ttl.toMillis(), State.HELD, Optional.of(unknown));
        Optional<String> damaged = object.etagOfDamaged();
        store(
                object,
                damaged.isPresent()
                        ? new LeaseRequest.Replace(damaged.get(), record)
                        : new LeaseRequest.Create(record));
        return done(object.describe() + ": is there again, with epoch " + wanted + "; nodes take it after a TTL of "
                + ttl.toMillis() / 1000.0 + " s");
    }

    private static LeaseRecord broken(long epoch, long ttlMillis, State state, Optional<Quorum> quorum) {
        byte[] nonce = new byte[16];
        new SecureRandom().nextBytes(nonce);
        return new LeaseRecord(
                epoch, NOBODY, NOBODY, "", HexFormat.of().formatHex(nonce), ttlMillis, state, false, quorum);
    }

    private void confirm(String what) {
        if (force) {
            return;
        }
        Console console = System.console();
        if (console == null) {
            throw new CliException(
                    ExitCode.WRONG_USAGE, WHAT, "there is no terminal to ask on", "say --force if that is wanted");
        }
        String answer = console.readLine("%s%nType 'yes' to go on: ", what);
        if (!"yes".equals(answer)) {
            throw new CliException(ExitCode.FAILED, WHAT, "not confirmed", "nothing was changed");
        }
    }

    private static void store(LeaseObject object, LeaseRequest request) {
        LeaseAnswer answer = object.ask(request);
        if (answer instanceof LeaseAnswer.Stored) {
            return;
        }
        String why = answer instanceof LeaseAnswer.Unknown unknown
                ? "nobody knows whether it was done: " + unknown.why()
                : answer instanceof LeaseAnswer.NotDone notDone ? notDone.why() : "it changed meanwhile";
        throw new CliException(ExitCode.FAILED, WHAT, why, "look at 'ltxfs lease show', and try again");
    }

    private int done(String text) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(text);
        out.flush();
        return ExitCode.DONE;
    }
}
