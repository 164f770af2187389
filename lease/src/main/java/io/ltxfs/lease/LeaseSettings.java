package io.ltxfs.lease;

import java.time.Duration;

/**
 * How a process takes part in the lease.
 *
 * @param holder identity of this process, chosen at random at its start
 * @param node this node's name
 * @param advertise where its peers reach it
 * @param ttl for how long a holder may go on after the request of its last renewal was sent
 * @param margin taken off the holder's time and added to the candidate's, for delays between a check and its effect
 * @param clockRateError by how much the rate of a clock may be wrong, as a part: 0.001 is a tenth of a percent
 * @param pollEvery how often a candidate reads the object
 */
public record LeaseSettings(
        String holder,
        String node,
        String advertise,
        Duration ttl,
        Duration margin,
        double clockRateError,
        Duration pollEvery) {

    /** A twentieth of the TTL as margin, clocks right to a thousandth, a poll five times in a TTL, at most each second. */
    public static LeaseSettings of(String holder, String node, String advertise, Duration ttl) {
        Duration poll = ttl.dividedBy(5);
        Duration second = Duration.ofSeconds(1);
        return new LeaseSettings(
                holder, node, advertise, ttl, ttl.dividedBy(20), 0.001, poll.compareTo(second) < 0 ? poll : second);
    }

    /** For how long after a request was sent this process holds what it stored, by its own clock. */
    long holderNanos() {
        return ttl.minus(margin).toNanos();
    }

    /** How long a candidate waits from its first sight of a version that somebody holds, by its own clock (rule 5). */
    long candidateNanos(long ttlMillis) {
        double safe = Duration.ofMillis(ttlMillis).toNanos() * (1 + clockRateError) / (1 - clockRateError);
        return (long) Math.ceil(safe) + margin.toNanos();
    }
}
