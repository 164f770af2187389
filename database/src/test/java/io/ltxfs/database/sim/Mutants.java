package io.ltxfs.database.sim;

import java.util.List;

/** The rules of capture, log and recovery, each broken once. */
final class Mutants {
    private static final String ROLLBACK = "RollbackCapture.java";
    private static final String WAL = "WalCapture.java";
    private static final String DATABASE = "Database.java";
    private static final String HISTORY = "LogHistory.java";
    private static final String RECOVERY = "Recovery.java";
    private static final String RECEIVER = "LogReceiver.java";
    private static final String GROUP = "GroupDecision.java";
    private static final String TAIL = "log/LogTail.java";
    private static final String OPENER = "log/LogOpener.java";

    private Mutants() {}

    static List<Mutant> all() {
        return List.of(
                Mutant.named("data before log, rollback", "delete_off", "truncate_off", "spill_delete_off")
                        .edit(DATABASE, "&& services.log().durableLsn() >= lsn", ""),
                Mutant.named("data before log, checkpoint", "wal_off:2", "wal_normal")
                        .edit(WAL, "services.log().flushAndWait(commit[1]);", ""),
                Mutant.named("uncommitted pages in the file", "spill_delete_full", "delete_full")
                        .edit(
                                ROLLBACK,
                                "overlay(source.remaining()).write(offset, source);",
                                "state.file.backing().write(source.duplicate(), offset);"
                                        + " overlay(source.remaining()).write(offset, source);"),
                Mutant.named("watermark without a sync of the file", "delete_full", "wal_full")
                        .edit(DATABASE, "state.file.backing().sync(); } catch", "} catch"),
                Mutant.named("prepare not durable", "delete_full", "persist_normal")
                        .edit(
                                ROLLBACK,
                                "database.flushThen( lsn, failure -> { int late",
                                "database.flushThen( 0L, failure -> { int late"),
                Mutant.named("abort not durable", "refused_unlink", "died_prepared", "refused_fsync")
                        .edit(DATABASE, "flushThen( mark,", "flushThen( 0L,"),
                Mutant.named("abort only at the rollback", "refused_unlink", "refused_truncate", "refused_zeros")
                        .edit(
                                ROLLBACK,
                                "refusal = errno; return withdraw(errno, completion);",
                                "refusal = errno; return errno;"),
                Mutant.named("no abort mark", "died_prepared", "refused_unlink")
                        .edit(
                                DATABASE,
                                "mark = services.log().append(new LogRecord.Abort(lsn));",
                                "mark = 0; if (lsn < 0) { throw new DiskException(1, \"\"); }"),
                Mutant.named("presumed abort for one database", "delete_full", "persist_full")
                        .edit(
                                HISTORY,
                                "case PREPARED -> entry.group().isEmpty() ||",
                                "case PREPARED -> (entry.group().isEmpty() && !undecided.containsKey(entry.lsn())) ||"),
                Mutant.named("presumed commit for groups", "multi_delete_full", "multi_died_super")
                        .edit(
                                HISTORY,
                                "undecided.put(entry.lsn(), entry.group());",
                                "undecided.put(entry.lsn(), \"\");")
                        .edit(HISTORY, "entry.group().isEmpty() || groupCommitted.contains(entry.lsn())", "true"),
                Mutant.named("group mark not durable", "multi_delete_full", "multi_persist_full")
                        .edit(GROUP, "services.log().flush(last,", "services.log().flush(0,"),
                Mutant.named("members of a group decided one by one", "multi_delete_full", "multi_died_super")
                        .edit(
                                ROLLBACK,
                                "boolean grouped = !superJournal.isEmpty() &&",
                                "boolean grouped = superJournal.equals(\"none\") &&"),
                Mutant.named("group applied before its mark", "multi_delete_full", "multi_died_super")
                        .edit(
                                ROLLBACK,
                                "group = grouped ? superJournal : \"\"; } catch",
                                "group = grouped ? superJournal : \"\"; if (grouped) { services.log().flushAndWait(lsn);"
                                        + " state.file.applyOldest(new CommittedFile.Layer(view, lsn)); } } catch"),
                Mutant.named("foreign fsync prepares", "foreign_fsync")
                        .edit(ROLLBACK, "if (handle != lastWriter || !journalSynced)", "if (false)"),
                Mutant.named("naive difference after a rollback", "spill_delete_full", "spill_persist_normal")
                        .edit(
                                ROLLBACK,
                                "if (reversed) { return false; } JournalReader",
                                "if (true) { return false; } JournalReader"),
                Mutant.named("no directory sync for a new segment", "spill_delete_full", "wal_full")
                        .edit(
                                TAIL,
                                "disk.syncDirectory(TransactionLog.DIRECTORY); nameToSync = false; durableMoved.accept(point.lsn);",
                                "nameToSync = false; durableMoved.accept(point.lsn);"),
                Mutant.named("segments before a gap are used", "wal_full:3", "wal_full", "delete_full")
                        .edit(OPENER, "long first = heads.lastKey();", "long first = heads.firstKey();"),
                Mutant.named("new segment before the old one is durable", "wal_normal:2", "wal_off", "delete_off")
                        .edit(
                                TAIL,
                                "syncLock.lock(); try { syncAppended(); Segment old",
                                "syncLock.lock(); try { Segment old"),
                Mutant.named("torn tail is used", "delete_off", "wal_off", "wal_normal")
                        .edit(OPENER, "&& reader.chain() == reader.computeChain(chain)", "")
                        .edit(OPENER, "(!isLast || pagesAreGood(file, reader))", "true"),
                Mutant.named("no chained checksum, tail not cut", "tiny_wal_normal:2", "tiny_delete_off")
                        .edit(
                                "log/RecordReader.java",
                                "long crc = Crc64.update(previousChain,",
                                "long crc = Crc64.update(0,")
                        .edit("log/RecordWriter.java", "return Crc64.update(previousChain,", "return Crc64.update(0,")
                        .edit(OPENER, "file.truncate(segment.end);", ""),
                Mutant.named("log buffered in the process", "delete_off", "wal_normal")
                        .edit(
                                TAIL,
                                "end = writer.write(before.file,",
                                "end = writer.write(new BufferedUntilSync(before.file),")
                        .edit(TAIL, "point.file.sync();", "BufferedUntilSync.flush(point.file); point.file.sync();")
                        .edit(TAIL, "/** A point of the log", """
                                /** Keeps what is written until the sync. */
                                private record BufferedUntilSync(DiskFile file) implements DiskFile {
                                    static final java.util.Map<DiskFile, java.util.TreeMap<Long, byte[]>> KEPT =
                                            new java.util.concurrent.ConcurrentHashMap<>();
                                    static void flush(DiskFile file) throws DiskException {
                                        java.util.TreeMap<Long, byte[]> kept = KEPT.remove(file);
                                        if (kept != null) {
                                            for (var entry : kept.entrySet()) {
                                                file.write(ByteBuffer.wrap(entry.getValue()), entry.getKey());
                                            }
                                        }
                                    }
                                    public int read(ByteBuffer target, long offset) throws DiskException {
                                        return file.read(target, offset);
                                    }
                                    public void write(ByteBuffer source, long offset) {
                                        byte[] data = new byte[source.remaining()];
                                        source.get(data);
                                        KEPT.computeIfAbsent(file, f -> new java.util.TreeMap<>()).put(offset, data);
                                    }
                                    public long size() throws DiskException {
                                        return file.size();
                                    }
                                    public void truncate(long size) throws DiskException {
                                        file.truncate(size);
                                    }
                                    public void allocate(long offset, long length) throws DiskException {
                                        file.allocate(offset, length);
                                    }
                                    public void sync() throws DiskException {
                                        file.sync();
                                    }
                                    public void close() {
                                        file.close();
                                    }
                                }

                                /** A point of the log"""),
                Mutant.named("marks by TXID", "refused_unlink", "died_prepared", "refused_fsync")
                        .edit(
                                HISTORY,
                                "private void add(LogEntry entry) {",
                                "private final java.util.Map<Long, String> names = new java.util.HashMap<>();"
                                        + " private final Set<String> abortedNames = new HashSet<>();"
                                        + " private void add(LogEntry entry) { if (entry.header() != null) {"
                                        + " names.put(entry.lsn(), entry.header().database() + entry.header().txid()); }")
                        .edit(
                                HISTORY,
                                "case ABORT -> aborted.addAll(entry.targets());",
                                "case ABORT -> { aborted.addAll(entry.targets());"
                                        + " entry.targets().forEach(t -> abortedNames.add(names.get(t))); }")
                        .edit(
                                HISTORY,
                                "aborted.contains(entry.lsn())) { return false; }",
                                "aborted.contains(entry.lsn()) || abortedNames.contains(entry.header().database()"
                                        + " + entry.header().txid())) { return false; }"),
                Mutant.named(
                                "watermark at the end of the sync",
                                "delete_off:2",
                                "multi_delete_full",
                                "spill_delete_off")
                        .edit(
                                DATABASE,
                                "new LogRecord.Watermark(state.name, position)",
                                "new LogRecord.Watermark(state.name, locked(this::inFile))"),
                Mutant.named("watermark ignores backfill", "wal_full", "wal_normal")
                        .edit(DATABASE, "if (wal.hasFrames() || wal.hasReverted()) { return walBase; }", ""),
                Mutant.named("no directory sync before the watermark", "delete_full", "multi_delete_full", "wal_full")
                        .edit(DATABASE, "set.syncParent(state.name);", ""),
                Mutant.named("WAL sync without flush", "wal_full", "exclusive_wal")
                        .edit(WAL, "if (captured == 0 || services.log().durableLsn() >= lsn) {", "if (true) {"),
                Mutant.named("refused WAL sync is not withdrawn", "refused_wal_sync")
                        .edit(WAL, "if (!committing || lsn != capturedLsn", "if (true || lsn != capturedLsn"),
                Mutant.named("withdrawal of a WAL commit not written down", "refused_wal_sync")
                        .edit(WAL, "return database.abortThen(lsn, () -> {}, errno, completion);", "return errno;"),
                Mutant.named("a valid frame counts though it is old", "died_wal_again")
                        .edit(
                                WAL,
                                "while (freshHeaders.get(parsed + 1) && freshPages.get(parsed + 1)) {",
                                "while (parsed >= 0) {"),
                Mutant.named("a died writer's pages are not brought back", "died_wal_full", "died_wal_normal")
                        .edit(WAL, "for (int i = back + 1; i <= captured; i++) { reverted.add(frames.pgno(i)); }", ""),
                Mutant.named("no drain before a checkpoint page", "mode_changes_off:3")
                        .edit(
                                WAL,
                                "if (state.file.hasLayers()) { database.drain(); } state.file.writeThrough",
                                "state.file.writeThrough"),
                Mutant.named("redo without truncate", "autovacuum_delete", "vacuum_page_size", "vacuum_wal")
                        .edit(RECOVERY, "if (file.size() != size) { file.truncate(size); }", "")
                        .edit(RECOVERY, "if (file.size() > size) { file.truncate(size); }", ""),
                Mutant.named("commit size from the file's size", "autovacuum_delete", "vacuum_page_size")
                        .edit(
                                "RecordBuilder.java",
                                "commit = plain ? DatabaseHeader.pageCount(header) : 0;",
                                "commit = 0;"),
                Mutant.named("an open record is given away", "wal_full:1", "wal_normal")
                        .edit(
                                "log/OpenRecords.java",
                                "return Math.min(durable, oldest.getKey() - 1);",
                                "return durable;"),
                Mutant.named("given away before it is durable", "wal_normal", "wal_off")
                        .edit(
                                "log/SegmentedLog.java",
                                "open.settledLsn(group::durable)",
                                "open.settledLsn(tail::lastLsn)"),
                Mutant.named("given away without a mark", "refused_unlink", "died_prepared", "multi_delete_full")
                        .edit(
                                "feed/LogFollower.java",
                                "decidedBy(entry); prepared.put(entry.lsn(), entry);",
                                "decidedBy(entry); give(entry.lsn(), entry);"),
                Mutant.named("an abort is not heard by followers", "wal_full:1", "wal_normal")
                        .edit(
                                "feed/LogFollower.java",
                                "case COMMITTED -> { if (!log.isWithdrawn(entry.lsn()))",
                                "case COMMITTED -> { if (entry.lsn() > 0)"),
                Mutant.named("a drop without a directory sync", "drop_recreate", "drop_wal")
                        .edit("DatabaseSet.java", "syncParent(database.name()); long mark", "long mark"),
                Mutant.named("received pages that are not verified", "replica/delete_full", "replica/wal_full")
                        .edit("Verification.java", "if (checksum != header.postChecksum())", "if (checksum == 0)"),
                Mutant.named("received whatever came before", "replica/wal_full:2")
                        .edit(RECEIVER, "if (header.txid() != txid || header.preChecksum() != checksum ||", "if ("),
                Mutant.named("received over what is applied", "replica/wal_normal", "replica/spill_wal_full")
                        .edit(RECEIVER, "if (received != ReceivedSums.UNKNOWN)", "if (received == 2)"),
                Mutant.named("received and trimmed before it is applied", "replica/mode_tour:3", "replica/mode_tour:1")
                        .edit(
                                "Maintenance.java",
                                "keep = Math.min(keep, set.arrivals().keepFromLsn());",
                                "keep = Math.min(keep, Long.MAX_VALUE);"),
                Mutant.named("file of a database that is not in the log", "replica/drop_recreate", "replica/mode_tour")
                        .edit(
                                RECEIVER,
                                "if (there.isEmpty()) { // A file without its transaction would be taken for a plain"
                                        + " one after a power cut. log.flushAndWait(arrival.lsn()); }",
                                ""),
                Mutant.named("received drop before the log", "replica/drop_recreate", "replica/drop_wal")
                        .edit(RECEIVER, "log.flushAndWait(arrival.lsn()); set.applyDrop", "set.applyDrop"),
                Mutant.named("own frames that are not compared", "replica/wal_full", "replica/wal_normal")
                        .edit(
                                WAL,
                                "if (!next.isMadeOf(pages) || made.pageSize() != next.header.pageSize() ||"
                                        + " made.commit() != next.header.commit() || made.postChecksum() !="
                                        + " next.header.postChecksum())",
                                "if (pages.count() == 0)"),
                Mutant.named("received pages in the file before the log", "replica/wal_off:3", "replica/wal_full")
                        .edit(WAL, "undurable.addLast(new long[] {end, next.lsn});", ""),
                Mutant.named("jump that recovery takes for a gap", "replica/delete_full", "replica/wal_full")
                        .edit(RECOVERY, "&& !header.jump()", ""),
                Mutant.named("jump that is forgotten", "replica/delete_full", "replica/wal_full")
                        .edit("log/LogLayout.java", "header.jump() ? JUMP : 0", "(byte) 0"));
    }
}
