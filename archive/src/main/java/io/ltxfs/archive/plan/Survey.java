package io.ltxfs.archive.plan;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.BundleObject;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.DatabaseRecord.Drop;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.Parallel;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.CountingStore;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What is known of a database's archive while a plan is made: the lists, and what small requests told of single objects,
 * which are made once. An object that turns out to be gone, damaged or stale is passed over from then on, which
 * {@link PlanAgain} tells. Not for use by several threads at once.
 */
final class Survey implements AutoCloseable {
    /** How often lists are made anew because an object was gone; after that it is passed over as it is. */
    private static final int LISTS_MAX = 4;

    /** How many objects before a target are searched for a place where the history begins anew. */
    private static final int SEARCH_MAX = 200;

    private final DatabaseArchive db;
    private final CountingStore store;
    private final Parallel parallel;
    private final Set<String> without;
    private final Map<String, Peek> peeks = new HashMap<>();
    private final Map<String, String> passedOver = new LinkedHashMap<>();
    private final Images images = new Images();
    private final Set<String> searched = new HashSet<>();
    private final Set<Long> unreachable = new HashSet<>();
    private int lists;
    private Inventory inventory;
    private Chains chains;
    private TxidRanges reachable;
    private TreeMap<Long, List<LtxObject>> byEnd = new TreeMap<>(Txid::compare);

    Survey(DatabaseArchive db, Set<String> without) throws IOException {
        this.store = new CountingStore(db.store());
        this.db = new Archive(store, db.archive().layout()).database(db.name(), db.place());
        this.parallel = new Parallel(db.store(), "archive-plan");
        this.without = without;
        this.inventory = new Inventory(List.of(), List.of(), Optional.empty());
        this.chains = new Chains(List.of(), List.of(), images);
        this.reachable = new TxidRanges();
        list();
    }

    /** Makes the lists, anew. */
    private void list() throws IOException {
        lists++;
        peeks.values().removeIf(peek -> peek.fate() == Peek.Fate.GONE);
        inventory = Inventory.of(db).without(without);
        for (String key : inventory.stumps()) {
            passedOver.put(key, "it is cut off: it is too small for what its name says");
        }
        inventory = inventory.without(passedOver.keySet());
        arrange();
    }

    private void arrange() {
        chains = new Chains(inventory.objects(), inventory.bundles(), images);
        reachable = chains.reachable();
        unreachable.forEach(reachable::remove);
        for (Drop drop : drops()) {
            reachable.remove(drop.txid());
        }
        byEnd = new TreeMap<>(Txid::compare);
        for (LtxObject object : inventory.objects()) {
            byEnd.computeIfAbsent(object.maxTxid(), txid -> new ArrayList<>()).add(object);
        }
        // The lowest level has the transaction's own time; Litestream's snapshots may be later than what they hold.
        byEnd.values().forEach(objects -> objects.sort(Comparator.comparing(LtxObject::level)));
    }

    DatabaseArchive db() {
        return db;
    }

    Inventory inventory() {
        return inventory;
    }

    Optional<DatabaseRecord> record() {
        return inventory.record();
    }

    List<Drop> drops() {
        return inventory.record().map(DatabaseRecord::drops).orElse(List.of());
    }

    /** Chains of all objects but some. */
    Chains chains(Set<String> excluded) {
        if (excluded.isEmpty()) {
            return chains;
        }
        Inventory rest = inventory.without(excluded);
        return new Chains(rest.objects(), rest.bundles(), images);
    }

    /**
     * Looks for places where the history begins anew, in the objects up to a transaction.
     *
     * @throws PlanAgain if there are some that were not known
     */
    void searchImages(long txid) throws IOException, PlanAgain {
        List<Chains.Link> links = new ArrayList<>();
        for (LtxObject object : inventory.objects()) {
            if (Txid.compare(object.maxTxid(), txid) <= 0 && object.minTxid() != 1) {
                links.add(Chains.Link.whole(object));
            }
        }
        for (BundleObject bundle : inventory.bundles()) {
            if (Txid.compare(bundle.minTxid(), txid) <= 0) {
                links.add(Chains.Link.slice(bundle, bundle.minTxid() - 1, bundle.maxTxid()));
            }
        }
        links.removeIf(link -> searched.contains(link.key()));
        links.sort(Comparator.comparing(Chains.Link::to, Txid::compare).reversed());
        List<Chains.Link> searching = links.subList(0, Math.min(links.size(), SEARCH_MAX));
        List<Peek> found = peek(searching);
        List<Boolean> whole =
                parallel.all(searching, link -> link.object() != null && Images.hasEveryPage(db, link.object()));
        boolean isNew = false;
        for (int i = 0; i < searching.size(); i++) {
            Chains.Link link = searching.get(i);
            searched.add(link.key());
            if (link.object() == null) {
                isNew |= images.add(found.get(i).tableOnly());
            } else if (whole.get(i)) {
                isNew |= images.add(link.object());
            }
        }
        if (isNew) {
            arrange();
            throw new PlanAgain();
        }
    }

    /** Says that no chain leads to a transaction, though lists say so: its objects do not fit each other. */
    PlanAgain unreachable(long txid) {
        unreachable.add(txid);
        arrange();
        return new PlanAgain();
    }

    /** The transactions that can be restored, as far as lists tell. */
    TxidRanges reachable() {
        return reachable;
    }

    int requests() {
        return Math.toIntExact(store.total().calls());
    }

    /** What was passed over and why, one line each. */
    List<String> warnings() {
        List<String> lines = new ArrayList<>();
        passedOver.forEach((key, why) -> lines.add(db.store().describe(key) + " was passed over: " + why));
        return lines;
    }

    /** What a link's object tells, all of them good. */
    List<Peek> peek(List<Chains.Link> links) throws IOException, PlanAgain {
        List<Chains.Link> unknown = new ArrayList<>();
        Set<String> asked = new HashSet<>();
        for (Chains.Link link : links) {
            if (!peeks.containsKey(link.key()) && asked.add(link.key())) {
                unknown.add(link);
            }
        }
        List<Peek> answers = parallel.all(
                unknown,
                link -> link.object() != null
                        ? Peek.at(db, record(), link.object())
                        : Peek.at(db, record(), link.bundleOnly()));
        for (int i = 0; i < answers.size(); i++) {
            peeks.put(unknown.get(i).key(), answers.get(i));
        }
        List<Peek> good = new ArrayList<>();
        boolean gone = false;
        Set<String> bad = new HashSet<>();
        for (Chains.Link link : links) {
            Peek peek = peeks.get(link.key());
            if (peek == null) {
                throw new IllegalStateException(link.key());
            }
            good.add(peek);
            if (peek.fate() == Peek.Fate.GONE && lists < LISTS_MAX) {
                gone = true;
            } else if (peek.fate() != Peek.Fate.GOOD) {
                passedOver.put(link.key(), peek.why());
                bad.add(link.key());
            }
        }
        if (gone) {
            list();
            throw new PlanAgain();
        }
        if (!bad.isEmpty()) {
            inventory = inventory.without(bad);
            arrange();
            throw new PlanAgain();
        }
        return good;
    }

    Peek peek(LtxObject object) throws IOException, PlanAgain {
        return peek(List.of(Chains.Link.whole(object))).get(0);
    }

    Peek peek(BundleObject bundle) throws IOException, PlanAgain {
        return peek(List.of(Chains.Link.slice(bundle, bundle.minTxid() - 1, bundle.maxTxid())))
                .get(0);
    }

    /** The transactions at which objects end, ascending. */
    List<Long> ends() {
        TreeMap<Long, Boolean> ends = new TreeMap<>(Txid::compare);
        byEnd.keySet().forEach(txid -> ends.put(txid, true));
        inventory.bundles().forEach(bundle -> ends.put(bundle.maxTxid(), true));
        drops().forEach(drop -> ends.put(drop.txid(), true));
        return List.copyOf(ends.keySet());
    }

    /** The objects with the whole database up to a transaction but the newest snapshot; none if there is no snapshot. */
    Set<String> otherBases(long txid) {
        Optional<LtxObject> snapshot = inventory.objects().stream()
                .filter(object -> object.level() == ArchiveLayout.SNAPSHOT_LEVEL
                        && object.minTxid() == 1
                        && Txid.compare(object.maxTxid(), txid) <= 0)
                .max(Comparator.comparing(LtxObject::maxTxid, Txid::compare));
        Set<String> others = new HashSet<>();
        if (snapshot.isPresent()) {
            for (LtxObject object : inventory.objects()) {
                if (object.minTxid() == 1 && !object.equals(snapshot.get())) {
                    others.add(object.key());
                }
            }
        }
        return others;
    }

    /** The objects of levels that end at a transaction, the lowest level first. */
    List<LtxObject> endingAt(long txid) {
        return byEnd.getOrDefault(txid, List.of());
    }

    /** The bundle that has a transaction and reaches furthest. */
    Optional<BundleObject> bundleWith(long txid) {
        return inventory.bundles().stream()
                .filter(bundle ->
                        Txid.compare(bundle.minTxid(), txid) <= 0 && Txid.compare(bundle.maxTxid(), txid) >= 0)
                .max(Comparator.comparing(BundleObject::maxTxid, Txid::compare));
    }

    /** A transaction's own timestamp, if something tells it. */
    Optional<Instant> timeOf(long txid) throws IOException, PlanAgain {
        for (Drop drop : drops()) {
            if (drop.txid() == txid) {
                return Optional.of(Instant.ofEpochMilli(drop.timeMillis()));
            }
        }
        List<LtxObject> objects = endingAt(txid);
        if (!objects.isEmpty()) {
            return peek(objects.get(0)).headerTime();
        }
        Optional<BundleObject> bundle = bundleWith(txid);
        if (bundle.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                Instant.ofEpochMilli(peek(bundle.get()).tableOnly().of(txid).timestampMillis()));
    }

    /** Asks for what tells the times of transactions, all at once. */
    void askTimes(List<Long> txids) throws IOException, PlanAgain {
        List<Chains.Link> links = new ArrayList<>();
        for (long txid : txids) {
            List<LtxObject> objects = endingAt(txid);
            if (!objects.isEmpty()) {
                links.add(Chains.Link.whole(objects.get(0)));
            } else {
                bundleWith(txid)
                        .ifPresent(
                                bundle -> links.add(Chains.Link.slice(bundle, bundle.minTxid() - 1, bundle.maxTxid())));
            }
        }
        peek(links);
    }

    @Override
    public void close() {
        parallel.close();
    }
}
