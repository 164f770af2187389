package io.ltxfs.node.cli.lease;

import io.ltxfs.lease.Lease;
import io.ltxfs.lease.LeaseObject;
import io.ltxfs.lease.LeaseRecord;
import io.ltxfs.lease.LeaseRecord.State;
import io.ltxfs.lease.Quorum;
import io.ltxfs.lease.Quorum.Voter;
import io.ltxfs.node.cli.CliException;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.node.cli.GlobalOptions;
import io.ltxfs.node.cli.Report;
import io.ltxfs.objectstore.ObjectStore;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Reads the lease. */
@Command(
        name = "show",
        description = "Show who holds the lease, under which epoch, and whose acknowledgements count. Watches it for as"
                + " long as a holder that lives leaves it unchanged.",
        footer = {"", "Example: ltxfs lease show --lease s3://bucket/cluster --json"})
final class LeaseShowCommand implements Callable<Integer> {
    /** A holder renews each third of the TTL, and a little later where it or the store is busy. */
    private static final double TTLS = 2 / 3.0;

    private static final Duration SLACK = Duration.ofMillis(500);

    @Mixin
    GlobalOptions global = new GlobalOptions();

    @Mixin
    LeaseSource source = new LeaseSource();

    @Mixin
    Report report = new Report();

    @Override
    public Integer call() throws InterruptedException {
        try (ObjectStore store = source.place().open()) {
            LeaseObject object = new LeaseObject(store);
            Lease.Seen first = LeaseLook.read(object)
                    .orElseThrow(() -> new CliException(
                            ExitCode.NOT_FOUND,
                            object.describe(),
                            "there is no lease",
                            "the first node of a cluster makes it; if there was one, put it back with 'ltxfs lease break"
                                    + " --epoch N'"));
            Duration wait = first.record().state() == State.RELEASED
                    ? Duration.ZERO
                    : Duration.ofMillis((long) (first.record().ttlMillis() * TTLS))
                            .plus(SLACK);
            LeaseLook.Watched watched = LeaseLook.watch(object, first, wait);
            report.print(document(object, watched), out -> print(object, watched, out));
            return ExitCode.DONE;
        }
    }

    private static Map<String, Object> document(LeaseObject object, LeaseLook.Watched watched) {
        LeaseRecord record = watched.seen().record();
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("object", object.describe());
        document.put("epoch", Long.toUnsignedString(record.epoch()));
        document.put("state", word(record.state()));
        document.put("node", record.node());
        document.put("advertise", record.advertise());
        document.put("holder", record.holder());
        document.put("ttlMillis", record.ttlMillis());
        document.put("vouched", record.vouched());
        document.put("changed", watched.changed());
        document.put("watchedMillis", watched.watched().toMillis());
        record.quorum().ifPresent(quorum -> document.put("quorum", document(quorum)));
        return document;
    }

    private static Map<String, Object> document(Quorum quorum) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("epoch", Long.toUnsignedString(quorum.epoch()));
        document.put("node", quorum.node());
        document.put("advertise", quorum.advertise());
        document.put(
                "voters",
                quorum.voters().stream()
                        .map(voter -> Map.of("node", voter.node(), "advertise", voter.advertise()))
                        .toList());
        document.put("acks", quorum.acks());
        document.put("archive", quorum.archive());
        return document;
    }

    private static String word(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    private static void print(LeaseObject object, LeaseLook.Watched watched, PrintWriter out) {
        LeaseRecord record = watched.seen().record();
        out.println("lease    " + object.describe());
        out.println("epoch    " + Long.toUnsignedString(record.epoch()));
        String seconds = String.format(Locale.ROOT, "%.1f s", watched.watched().toMillis() / 1000.0);
        String whether = watched.changed()
                ? "it renews: the lease changed after " + seconds
                : "unchanged for " + seconds + ", TTL "
                        + String.format(Locale.ROOT, "%.1f s", record.ttlMillis() / 1000.0);
        out.println(
                switch (record.state()) {
                    case HELD -> "holder   " + record.node() + " (" + record.advertise() + "): " + whether;
                    case OFFERED ->
                        "offered  to " + record.node() + " (" + record.advertise() + ")"
                                + (record.vouched() ? ", which has everything: " : ": ") + whether;
                    case RELEASED -> "holder   none: " + record.node() + " gave it back";
                });
        out.println(
                "quorum   " + record.quorum().map(LeaseShowCommand::text).orElse("none: there never was a primary"));
    }

    private static String text(Quorum quorum) {
        List<String> waits = new java.util.ArrayList<>();
        if (quorum.acks() > 0) {
            String voters = quorum.voters().stream().map(Voter::node).collect(Collectors.joining(", "));
            waits.add("commits wait for " + quorum.acks() + " of: " + (voters.isEmpty() ? "nobody yet" : voters));
        }
        if (quorum.archive()) {
            waits.add("commits wait for the archive");
        }
        return "epoch " + Long.toUnsignedString(quorum.epoch()) + " of " + quorum.node() + ": "
                + (waits.isEmpty() ? "no commit waits for others" : String.join("; ", waits));
    }
}
