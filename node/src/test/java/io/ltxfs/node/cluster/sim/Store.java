package io.ltxfs.node.cluster.sim;

import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.lease.LeaseAnswer;
import io.ltxfs.lease.LeaseRecord;
import io.ltxfs.lease.LeaseRequest;
import io.ltxfs.lease.Quorum;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The object store, which is linearisable. What is asked of it may be late, be lost, be done though an error comes back, or
 * be done long after whoever asked was told that nobody knows.
 */
final class Store {
    /** A request has failed. {@code maybeDone}: or it has not, or will be done later. */
    record Failure(boolean maybeDone) {}

    /** An object of level 0: the transactions from {@code min} to {@code last}, put under an epoch. */
    record LevelObject(long min, Tx last, long putEpoch) {
        String key() {
            return min + "-" + last.txid;
        }
    }

    /** What is kept of one database. */
    static final class Place {
        @Nullable
        DatabaseRecord record;

        final Map<String, LevelObject> objects = new HashMap<>();

        /** The end of the history: objects that the record lets count, one after the other. */
        @Nullable
        Tx end() {
            Tx end = null;
            List<LevelObject> left = new ArrayList<>(objects.values());
            left.removeIf(object -> !counts(object));
            boolean found = true;
            while (found) {
                found = false;
                for (LevelObject object : left) {
                    boolean joins = object.min <= Tx.txid(end) + 1
                            && object.last.txid > Tx.txid(end)
                            && (end == null || end.isIn(object.last));
                    if (joins) {
                        end = object.last;
                        found = true;
                        break;
                    }
                }
            }
            return end;
        }

        boolean counts(LevelObject object) {
            DatabaseRecord known = record;
            return known == null || Long.compareUnsigned(object.putEpoch, known.epochOf(object.last.txid)) >= 0;
        }

        /** The highest epoch that an object in force was put under. */
        long epoch() {
            return objects.values().stream()
                    .filter(this::counts)
                    .mapToLong(LevelObject::putEpoch)
                    .max()
                    .orElse(0);
        }
    }

    private final World world;
    private final int faultOneIn;
    private final long delayMax;
    private final Consumer<Quorum> onQuorum;
    private final Map<String, Place> places = new HashMap<>();
    private @Nullable LeaseRecord lease;
    private long version;
    private long slowUntil;
    private final Map<Machine, Long> cutOff = new HashMap<>();
    private final Map<Machine, Long> late = new HashMap<>();

    Store(World world, int faultOneIn, long delayMax, Consumer<Quorum> onQuorum) {
        this.onQuorum = onQuorum;
        this.world = world;
        this.faultOneIn = faultOneIn;
        this.delayMax = delayMax;
    }

    /** Everything takes long for a while. */
    void slow(long nanos) {
        slowUntil = world.now() + nanos;
    }

    /** A machine does not reach it for a while. */
    void cut(Machine machine, long nanos) {
        cutOff.put(machine, world.now() + nanos);
    }

    /** Its answers come late to a machine for a while. */
    void late(Machine machine, long nanos) {
        late.put(machine, world.now() + nanos);
    }

    void heal() {
        slowUntil = 0;
        cutOff.clear();
        late.clear();
    }

    Place place(String database) {
        return places.computeIfAbsent(database, name -> new Place());
    }

    private long delay() {
        if (slowUntil > world.now()) {
            return world.upTo(3 * World.SECOND);
        }
        return 2 * World.MILLISECOND + world.upTo(world.oneIn(20) ? 150 * World.MILLISECOND : delayMax);
    }

    private long lateness(Machine machine) {
        Long until = late.get(machine);
        return until != null && until > world.now() ? world.upTo(900 * World.MILLISECOND) : 0;
    }

    /** When whoever asks does not wait any longer. */
    private long timeout() {
        return world.between(100 * World.MILLISECOND, 2 * World.SECOND);
    }

    private boolean isCut(Machine machine) {
        Long until = cutOff.get(machine);
        return until != null && until > world.now();
    }

    /** Does something at the store, in one step, and says what came of it. */
    <T> void ask(Process from, Supplier<T> effect, Consumer<T> done, Consumer<Failure> failed) {
        if (isCut(from.machine)) {
            from.in(timeout(), () -> failed.accept(new Failure(true)));
            return;
        }
        int fate = world.fault(faultOneIn) ? world.random.nextInt(5) : -1;
        switch (fate) {
            case 0 -> from.in(delay(), () -> failed.accept(new Failure(false)));
            case 1 -> from.in(timeout(), () -> failed.accept(new Failure(true)));
            case 2, 3 ->
                world.in(delay(), () -> {
                    effect.get();
                    from.in(timeout(), () -> failed.accept(new Failure(true)));
                });
            case 4 -> {
                // It is still on its way when whoever asked has given up.
                from.in(delay(), () -> failed.accept(new Failure(true)));
                world.in(world.upTo(2 * World.SECOND), effect::get);
            }
            default ->
                world.in(delay(), () -> {
                    T result = effect.get();
                    from.in(delay() + lateness(from.machine), () -> done.accept(result));
                });
        }
    }

    /** Asks something of the lease object. */
    void lease(Process from, LeaseRequest request, Consumer<LeaseAnswer> answer) {
        boolean retried = world.fault(faultOneIn * 3);
        boolean conflict = world.fault(faultOneIn * 3) && !(request instanceof LeaseRequest.Read);
        ask(
                from,
                () -> conflict ? new LeaseAnswer.NotDone("409") : apply(request),
                done -> answer.accept(retried && done instanceof LeaseAnswer.Stored ? new LeaseAnswer.Refused() : done),
                failure -> answer.accept(
                        failure.maybeDone ? new LeaseAnswer.Unknown("no answer") : new LeaseAnswer.NotDone("503")));
    }

    private LeaseAnswer apply(LeaseRequest request) {
        LeaseRecord there = lease;
        if (request instanceof LeaseRequest.Read) {
            return there == null ? new LeaseAnswer.Missing() : new LeaseAnswer.Found("v" + version, there);
        }
        if (request instanceof LeaseRequest.Create create) {
            return there == null ? put(create.record()) : new LeaseAnswer.Refused();
        }
        LeaseRequest.Replace replace = (LeaseRequest.Replace) request;
        if (there == null) {
            return new LeaseAnswer.Missing();
        }
        return replace.etag().equals("v" + version) ? put(replace.record()) : new LeaseAnswer.Refused();
    }

    private LeaseAnswer put(LeaseRecord record) {
        lease = record;
        version++;
        world.note(
                "store: lease v{} {} e{} of {} quorum {}",
                version,
                record.state(),
                record.epoch(),
                record.node(),
                record.quorum().map(Store::text).orElse("none"));
        record.quorum().ifPresent(onQuorum);
        return new LeaseAnswer.Stored("v" + version);
    }

    static String text(Quorum quorum) {
        return "e" + quorum.epoch() + " " + quorum.node() + " acks " + quorum.acks() + " of "
                + quorum.voters().stream().map(Quorum.Voter::node).toList();
    }

    /** The lease object, for the judge. */
    Optional<LeaseRecord> lease() {
        return Optional.ofNullable(lease);
    }
}
