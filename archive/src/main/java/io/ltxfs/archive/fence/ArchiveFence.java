package io.ltxfs.archive.fence;

import io.ltxfs.archive.Archive;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.DatabaseRecord.Drop;
import io.ltxfs.archive.DatabaseRecord.Epoch;
import io.ltxfs.archive.Parallel;
import io.ltxfs.archive.upload.ArchiveState;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node asks of the archive on its way to becoming the primary (decision 11): how far it is, so that it can learn
 * what it does not have, and then that nothing counts any more that an earlier primary puts there later.
 *
 * <p>Both while this node does not archive: it starts to when both are done. Requests are made several at a time, and as
 * few as the store allows. For use by one thread at a time.
 */
public final class ArchiveFence implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ArchiveFence.class);
    private static final int LINEAGE_BYTES = 16;

    private final Archive archive;
    private final Function<String, String> places;
    private final String node;
    private final ArchiveState state;
    private final Parallel parallel;
    private final SecureRandom random = new SecureRandom();

    /**
     * A fence. Makes no request.
     *
     * @param archive which it does not close
     * @param places the place of a database in it, by the database's name
     * @param node this node's id, for people who read the records
     * @param dataDirectory of the node
     */
    public ArchiveFence(Archive archive, Function<String, String> places, String node, Path dataDirectory)
            throws IOException {
        this.archive = archive;
        this.places = places;
        this.node = node;
        this.state = new ArchiveState(dataDirectory);
        this.parallel = new Parallel(archive.store(), "archive-fence");
    }

    /**
     * How far the archive is for databases.
     *
     * @param databases their names, as {@link Archive#databases} and the node's rules give them
     * @return of each one what there is; nothing of those of which the archive has nothing
     * @throws IOException if the store cannot be asked
     */
    public Map<String, Reached> reached(List<String> databases) throws IOException {
        List<Optional<Reached>> answers = parallel.all(databases, name -> reached(database(name)));
        Map<String, Reached> found = new TreeMap<>();
        for (int i = 0; i < databases.size(); i++) {
            String name = databases.get(i);
            answers.get(i).ifPresent(reached -> found.put(name, reached));
        }
        return found;
    }

    private DatabaseArchive database(String name) {
        return archive.database(name, places.apply(name));
    }

    private static Optional<Reached> reached(DatabaseArchive database) throws IOException {
        Optional<DatabaseRecord> record = DatabaseRecord.load(database);
        Optional<Newest> newest = Newest.of(database, record, 0);
        if (record.isEmpty() && newest.isEmpty()) {
            return Optional.empty();
        }
        long txid = newest.map(found -> found.object().maxTxid()).orElse(0L);
        Optional<Drop> drop = record.flatMap(found -> found.dropAfter(txid));
        return Optional.of(
                drop.isPresent()
                        ? new Reached(
                                drop.get().txid(),
                                0,
                                true,
                                record.map(found -> found.epochOf(drop.get().txid()))
                                        .orElse(0L))
                        : new Reached(
                                txid,
                                newest.map(found -> found.facts().postChecksum())
                                        .orElse(0L),
                                false,
                                newest.map(found -> found.facts().epoch()).orElse(0L)));
    }

    /**
     * Claims an epoch in the record of every database: from a transaction on, what was put under a lower epoch is not part
     * of its history, whenever it comes. Claimed again with the same transactions, nothing changes.
     *
     * @param epoch of the lease that this node holds (unsigned), 1 or more
     * @param nextTxids of every database that this node has, or has dropped, the first transaction of the epoch
     * @throws FencedException if a higher epoch has begun: this node is not the primary
     * @throws IOException if the store cannot be asked; some may be claimed then
     */
    public void claim(long epoch, Map<String, Long> nextTxids) throws IOException {
        parallel.all(List.copyOf(nextTxids.entrySet()), entry -> {
            claim(database(entry.getKey()), epoch, entry.getValue());
            return epoch;
        });
        LOG.info("claimed the archive: epoch={} databases={}", Long.toUnsignedString(epoch), nextTxids.size());
    }

    private void claim(DatabaseArchive database, long epoch, long nextTxid) throws IOException {
        String begun = lineage(database);
        DatabaseRecord record = DatabaseRecord.update(database, current -> {
            if (current.isEmpty()) {
                return new DatabaseRecord(begun, database.name(), List.of(new Epoch(epoch, nextTxid, node)), List.of());
            }
            return claimed(database, current.get(), epoch, nextTxid);
        });
        // What this node knew of the archive may be of a history that was given up. Lost, it comes with the next claim.
        state.save(new ArchiveState.Known(database.name(), place(database), record.lineage(), 0, 0, 0), false);
    }

    /** The lineage that this node would begin: written down before the archive has it. */
    private String lineage(DatabaseArchive database) throws IOException {
        Optional<ArchiveState.Known> known = state.of(database.name())
                .filter(found -> found.archive().equals(place(database))
                        && !found.lineage().isEmpty());
        if (known.isPresent()) {
            return known.get().lineage();
        }
        byte[] bytes = new byte[LINEAGE_BYTES];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static String place(DatabaseArchive database) {
        return database.store().describe(database.place());
    }

    private DatabaseRecord claimed(DatabaseArchive database, DatabaseRecord record, long epoch, long nextTxid)
            throws FencedException {
        List<Epoch> epochs = new ArrayList<>();
        for (Epoch other : record.epochs()) {
            int order = Long.compareUnsigned(other.epoch(), epoch);
            if (order > 0) {
                throw new FencedException(database, other.epoch(), other.node(), epoch);
            }
            if (order == 0) {
                return record;
            }
            // One that begins later has nothing left of what it claimed: none of it was acknowledged.
            epochs.add(
                    Txid.compare(other.firstTxid(), nextTxid) <= 0
                            ? other
                            : new Epoch(other.epoch(), nextTxid, other.node()));
        }
        epochs.add(new Epoch(epoch, nextTxid, node));
        List<Drop> drops = record.drops().stream()
                .filter(drop -> Txid.compare(drop.txid(), nextTxid) < 0)
                .toList();
        return new DatabaseRecord(record.lineage(), record.database(), epochs, drops);
    }

    @Override
    public void close() {
        parallel.close();
    }
}
