package io.ltxfs.node.cluster.sim;

import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.node.cluster.Action;
import io.ltxfs.node.cluster.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A node at the archive: what it reads of it, its claims (decision 8), and what it uploads as the primary. */
final class ArchiveUse {
    private final Node node;
    private final World world;
    private long claimed = -1;
    /** Up to where the archive has a database, as far as this primary knows. */
    private final Map<String, Optional<Tx>> ends = new HashMap<>();

    private final Set<String> busy = new HashSet<>();

    ArchiveUse(Node node) {
        this.node = node;
        this.world = node.world;
    }

    boolean perform(Action action) {
        if (action instanceof Action.ReadArchive read) {
            read(read.step());
        } else if (action instanceof Action.FetchArchive fetch) {
            fetch(fetch);
        } else if (action instanceof Action.Claim claim) {
            claim(
                    claim.step(),
                    claim.epoch(),
                    new ArrayList<>(node.disk().heads().keySet()));
        } else {
            return false;
        }
        return true;
    }

    private void read(long step) {
        node.cluster.store.ask(
                node,
                () -> {
                    Map<String, Event.ArchivePlace> places = new TreeMap<>();
                    for (String database : Plan.DATABASES) {
                        Store.Place place = node.cluster.store.place(database);
                        Tx end = place.end();
                        if (end != null) {
                            places.put(database, new Event.ArchivePlace(end.place(), place.epoch()));
                        }
                    }
                    return places;
                },
                places -> node.tell(new Event.ArchiveRead(step, places)),
                failure -> node.tell(new Event.Failed(step, "the store does not answer")));
    }

    private void fetch(Action.FetchArchive fetch) {
        node.cluster.store.ask(
                node,
                () -> Optional.ofNullable(
                        node.cluster.store.place(fetch.database()).end()),
                end -> {
                    boolean fits = node.mayTake(fetch.epoch())
                            && node.following.fromArchive(fetch.database(), end.orElse(null), fetch.conform());
                    if (fits) {
                        node.flush(() -> node.tell(new Event.Done(fetch.step())));
                    } else {
                        node.tell(new Event.Failed(fetch.step(), "it does not follow"));
                    }
                },
                failure -> node.tell(new Event.Failed(fetch.step(), "the store does not answer")));
    }

    // ---- claims

    private record Read(@Nullable DatabaseRecord record) {}

    private void claim(long step, long epoch, List<String> left) {
        if (left.isEmpty()) {
            claimed = epoch;
            ends.clear();
            busy.clear();
            node.tell(new Event.Done(step));
            return;
        }
        String database = left.get(0);
        Store.Place place = node.cluster.store.place(database);
        long first = Tx.txid(node.disk().last(database)) + 1;
        Runnable failed = () -> node.tell(new Event.Failed(step, "the record could not be changed"));
        node.cluster.store.ask(
                node,
                () -> new Read(place.record),
                read -> {
                    DatabaseRecord wanted = claimed(read.record, database, epoch, first);
                    if (wanted == null) {
                        failed.run();
                        return;
                    }
                    node.cluster.store.ask(
                            node,
                            () -> {
                                if (place.record != read.record) {
                                    return false;
                                }
                                place.record = wanted;
                                world.note("store: {} claims e{} of {} from {}", node, epoch, database, first);
                                return true;
                            },
                            done -> {
                                if (done) {
                                    claim(step, epoch, left.subList(1, left.size()));
                                } else {
                                    failed.run();
                                }
                            },
                            failure -> failed.run());
                },
                failure -> failed.run());
    }

    /** The record with a claim; null if a higher epoch has claimed. */
    private @Nullable DatabaseRecord claimed(@Nullable DatabaseRecord record, String database, long epoch, long first) {
        List<DatabaseRecord.Epoch> epochs = new ArrayList<>();
        for (DatabaseRecord.Epoch other : record == null ? List.<DatabaseRecord.Epoch>of() : record.epochs()) {
            int order = Long.compareUnsigned(other.epoch(), epoch);
            if (order >= 0) {
                return order > 0 ? null : record;
            }
            epochs.add(
                    Long.compareUnsigned(other.firstTxid(), first) <= 0
                            ? other
                            : new DatabaseRecord.Epoch(other.epoch(), first, other.node()));
        }
        epochs.add(new DatabaseRecord.Epoch(epoch, first, node.self.node()));
        return new DatabaseRecord("lineage", database, epochs, List.of());
    }

    // ---- uploads

    /** Uploads what is new, again and again. */
    void look() {
        if (node.cluster.plan.archive && claimed >= 0 && node.writes.accepting() == claimed) {
            for (String database : Plan.DATABASES) {
                if (busy.add(database)) {
                    upload(database, claimed);
                }
            }
        }
        node.in(world.between(50, 150) * World.MILLISECOND, this::look);
    }

    private void upload(String database, long epoch) {
        Store.Place place = node.cluster.store.place(database);
        Tx head = node.disk().lastDurable(database);
        Optional<Tx> end = ends.get(database);
        if (end == null) {
            node.cluster.store.ask(
                    node,
                    () -> Optional.ofNullable(place.end()),
                    found -> {
                        busy.remove(database);
                        if (claimed == epoch) {
                            ends.put(database, found);
                            found.ifPresent(tx -> node.tell(new Event.Archived(database, tx.txid)));
                        }
                    },
                    failure -> busy.remove(database));
            return;
        }
        if (head == null || Tx.txid(end.orElse(null)) >= head.txid) {
            busy.remove(database);
            return;
        }
        Store.LevelObject object = new Store.LevelObject(Tx.txid(end.orElse(null)) + 1, head, epoch);
        node.cluster.store.ask(
                node,
                () -> put(place, object),
                done -> {
                    busy.remove(database);
                    if (claimed == epoch && done) {
                        ends.put(database, Optional.of(head));
                        node.tell(new Event.Archived(database, head.txid));
                    }
                },
                failure -> {
                    busy.remove(database);
                    ends.remove(database);
                });
    }

    /** Creates an object; one that does not count any more is moved aside for it. @return whether it is there */
    private boolean put(Store.Place place, Store.LevelObject object) {
        Store.LevelObject there = place.objects.get(object.key());
        if (there != null && place.counts(there)) {
            return there.last() == object.last();
        }
        place.objects.put(object.key(), object);
        world.note("store: {} puts {} {} under e{}", node, object.key(), object.last(), object.putEpoch());
        return true;
    }
}
