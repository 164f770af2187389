package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.ObjectFacts;
import io.ltxfs.archive.upload.Spool;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxSummary;
import java.io.IOException;
import java.util.List;

/** Makes a snapshot out of objects: the snapshot before it, or the first object, and what changed since. */
final class SnapshotMaker {
    private final DatabaseArchive database;
    private final CompactionTools tools;
    private final LevelMaker levels;

    SnapshotMaker(DatabaseArchive database, CompactionTools tools, LevelMaker levels) {
        this.database = database;
        this.tools = tools;
        this.levels = levels;
    }

    /**
     * Makes a snapshot.
     *
     * @param txid where it ends; an object of the archive ends there
     * @throws ArchiveException if what it is to be made of is damaged; nothing was put
     */
    LtxObject make(long txid, Holdings holdings) throws IOException {
        List<LtxObject> sources = CompactionPlan.snapshotSources(holdings, txid);
        if (sources.isEmpty()) {
            throw new ArchiveException(
                    ArchiveException.Kind.DAMAGED,
                    database.store().describe(database.levelPrefix(ArchiveLayout.SNAPSHOT_LEVEL))
                            + ": no snapshot can be made, objects are missing; 'ltxfs archive verify' says which");
        }
        Probe first = levels.probe(sources.get(0));
        Probe last = first;
        for (LtxObject source : sources.subList(1, sources.size())) {
            last = levels.probe(source);
        }
        ObjectFacts facts = Probe.joined(first, last);
        try (Spool.Item item = tools.spool().create();
                Merger merger = new Merger(tools.spool())) {
            for (LtxObject source : sources) {
                merger.add(new LevelMaker.ObjectInput(database, source));
            }
            LtxSummary summary = merger.finish(item, tools.coding());
            return levels.putObject(ArchiveLayout.SNAPSHOT_LEVEL, 1, txid, facts, item, summary);
        } catch (LtxFormatException e) {
            throw nameDamaged(sources, e);
        }
    }

    /** Which object it was: a merge knows only its place. */
    private IOException nameDamaged(List<LtxObject> sources, LtxFormatException cause) throws IOException {
        ObjectVerifier verifier = new ObjectVerifier(database);
        for (LtxObject source : sources) {
            verifier.verify(source);
        }
        return cause;
    }
}
