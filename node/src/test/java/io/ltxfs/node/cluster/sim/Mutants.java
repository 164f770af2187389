package io.ltxfs.node.cluster.sim;

import java.util.List;

/** The rules of lease and cluster, each broken once, and what notices. */
final class Mutants {
    private static final String LEASE = "lease/LeaseMachine.java";
    private static final String KEPT = "acknowledged is in every later primary";
    private static final String ASKED = "acknowledged as asked";
    private static final String ONE = "one primary";

    private Mutants() {}

    static List<Mutant> all() {
        return List.of(
                Mutant.named("a candidate waits for half a TTL", ONE, 13)
                        .edit(
                                "lease/LeaseSettings.java",
                                "return (long) Math.ceil(safe) + margin.toNanos();",
                                "return (long) Math.ceil(safe) / 2;"),
                Mutant.named("a candidate counts from the first version that it saw", ONE, 11)
                        .edit(
                                "lease/LeaseView.java",
                                "supersede(newEtag);",
                                "boolean first = etag == null; supersede(newEtag);")
                        .edit(
                                "lease/LeaseView.java",
                                "etag = newEtag; since = now; }",
                                "etag = newEtag; since = first ? now : since; }"),
                Mutant.named("an ambiguous put is believed", ONE, 55)
                        .edit(
                                LEASE,
                                "if (answer instanceof LeaseAnswer.Stored stored) { stored(",
                                "if (answer instanceof LeaseAnswer.Unknown && holding != null && !holding.isLeaving()) {"
                                        + " holding.deadline = sent.sentAt + settings.holderNanos();"
                                        + " holding.renewAt = now + settings.ttl().toNanos() / 20;"
                                        + " term = new Term(holding.epoch, holding.deadline); }"
                                        + " else if (answer instanceof LeaseAnswer.Stored stored) { stored("),
                Mutant.named("a release lets epochs begin anew", "progress|" + ONE, 15)
                        .edit(
                                LEASE,
                                "mine(held.epoch, state, held.vouched, quorum)",
                                "mine(held.releasing ? 1 : held.epoch, state, held.vouched, quorum)"),
                Mutant.named("a seal is answered before it is durable", "a promise is durable", 1)
                        .edit("cluster/Seals.java", "} else if (shared.hasPromised(asked.epoch())) {", "} else {")
                        .edit("cluster/Shared.java", "durable.promised(), history", "memory.promised(), history"),
                Mutant.named("one answer suffices", KEPT, 61)
                        .with("replica:1 storm")
                        .edit("cluster/Sufficiency.java", "Math.max(1, last.voters().size() - last.acks() + 1)", "1"),
                Mutant.named("a replica counts before it is stored as a voter", ASKED, 1)
                        .with("replica:1 storm slow-store")
                        .edit(
                                "cluster/Acknowledgements.java",
                                "quorums.stream().allMatch(voters -> countOf(name, txid, voters) >= count)",
                                "countOf(name, txid, acknowledged.keySet()) >= count"),
                Mutant.named(
                                "a voter goes that alone has an acknowledged transaction",
                                "voters know what was acknowledged",
                                30)
                        .with("replica:1 storm")
                        .edit(
                                "cluster/Leading.java",
                                "isSilent(voter.node()) && acknowledgements.isSafeWith(others, shared.settings.acks())",
                                "links.values().stream().noneMatch(link ->"
                                        + " link.complete && link.replica.node().equals(voter.node()))"),
                Mutant.named(
                                "a history is complete before the start positions are reached",
                                "a history epoch is complete",
                                1)
                        .edit(
                                "cluster/Following.java",
                                "if (taking && !said && behind.isEmpty() && aside.isEmpty()) {",
                                "if (taking && !said) {"),
                Mutant.named("writes are accepted before all is learned", KEPT, 36)
                        .with("replica:1 storm")
                        .edit(
                                "cluster/RoleMachine.java",
                                "if (fetching.isDone()) {",
                                "if (!fetching.waitsFor().equals(\"x\")) {"),
                Mutant.named("writes are accepted before the quorum is stored", "a primary is written down", 1)
                        .with("archive storm")
                        .edit(
                                "cluster/RoleMachine.java",
                                "if (shared.lease().quorum().filter(own::equals).isEmpty()) {",
                                "if (own.node().isEmpty()) {"),
                Mutant.named("writes are accepted before the epoch is claimed", "a primary has claimed", 1)
                        .with("archive storm")
                        .edit("cluster/RoleMachine.java", "if (claimed || ", "if (!claimed || claimed || "));
    }
}
