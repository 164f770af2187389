package io.ltxfs.node.roles;

import io.ltxfs.lease.Lease;
import io.ltxfs.node.cluster.ClusterStatus;
import io.ltxfs.node.cluster.Peer;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.node.roles.ClusterView.Counts;
import io.ltxfs.node.roles.ClusterView.Divergent;
import io.ltxfs.node.roles.ClusterView.Member;
import io.ltxfs.node.roles.ClusterView.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Puts together what people see of a cluster. */
final class ViewBuilder {
    /** A peer that was heard of within this counts as reachable. */
    private static final int REACHABLE_TTLS = 1;

    private ViewBuilder() {}

    /** The view of a node that does not take part yet. */
    static ClusterView starting(LtxfsConfig config, String problem) {
        return new ClusterView(
                Role.STARTING,
                0,
                Optional.empty(),
                OptionalLong.empty(),
                0,
                List.of(),
                Map.of(),
                Map.of(),
                List.of("the store of the lease, " + config.lease().url().text()),
                problem.isEmpty() ? List.of() : List.of(problem + "; check the store, and 'ltxfs doctor'"),
                Counts.NONE);
    }

    static ClusterView of(
            ClusterLoop.Shown shown,
            Lease lease,
            CommitGate commits,
            String self,
            Sights sights,
            ReplicaProgress progress,
            CommitWaits waits,
            ClusterSetup setup,
            long lagMillis,
            long ttlMillis) {
        ClusterStatus status = shown.status();
        Lease.Status held = lease.status();
        Lease.Counters counters = lease.counters();
        boolean primary = status.role() == ClusterStatus.Role.PRIMARY && commits.mayCommit() == 0;
        Role role = switch (status.role()) {
            case PRIMARY -> primary ? Role.PRIMARY : Role.REPLICA;
            case REPLICA -> Role.REPLICA;
            case STARTING -> Role.STARTING;
        };
        List<ClusterView.Peer> peers = new ArrayList<>();
        for (Peer peer : shown.members()) {
            if (!peer.node().equals(self)) {
                peers.add(peer(peer, status, sights, progress, ttlMillis));
            }
        }
        Map<String, Divergent> divergent = new Divergence(setup.databases()).kept();
        var waiting = setup.replica().waiting();
        List<String> warnings = new ArrayList<>();
        held.problem().ifPresent(warnings::add);
        status.degraded().stream()
                .sorted()
                .forEach(
                        database -> warnings.add(
                                database
                                        + ": commits return without the durability that is asked for; bring the replicas or the archive back"));
        waits.overdue()
                .forEach(
                        database -> warnings.add(
                                database
                                        + ": commits wait longer than durability-wait.max for others to have them; bring the replicas or the archive back"));
        waiting.forEach(each -> warnings.add(each.database() + ": " + each.reason()));
        divergent.forEach((database, kept) -> warnings.add(database + ": " + kept.files()
                + " files of transactions that the cluster never had are kept in divergent/" + database
                + "; look at them with 'ltxfs ltx dump', and remove the directory when they are not needed"));
        return new ClusterView(
                role,
                status.epoch(),
                status.primary().map(peer -> new Member(peer.node(), peer.advertise())),
                held.held() ? OptionalLong.of(held.remainingMillis()) : OptionalLong.empty(),
                lagMillis,
                peers,
                primary ? progress.view(LocalState.shownTxids(setup.databases())) : Map.of(),
                divergent,
                status.waitsFor().map(List::of).orElse(List.of()),
                warnings,
                new Counts(counters.failed(), counters.ambiguous(), waits.size(), waiting.size(), waits.degraded()));
    }

    private static ClusterView.Peer peer(
            Peer peer, ClusterStatus status, Sights sights, ReplicaProgress progress, long ttlMillis) {
        long heard = sights.heardMillis(peer.node());
        boolean isPrimary = status.primary()
                .filter(known -> known.node().equals(peer.node()))
                .isPresent();
        boolean follows = progress.follows(peer.node());
        String state = isPrimary ? "primary" : follows ? "follows" : heard < 0 ? "not heard of yet" : "known";
        return new ClusterView.Peer(
                peer.node(),
                peer.advertise(),
                heard >= 0 && heard <= REACHABLE_TTLS * ttlMillis,
                status.voters().contains(peer.node()),
                heard,
                state.toLowerCase(Locale.ROOT));
    }
}
