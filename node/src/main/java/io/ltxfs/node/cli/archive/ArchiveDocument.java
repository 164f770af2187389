package io.ltxfs.node.cli.archive;

import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.plan.Moments;
import io.ltxfs.archive.verify.Inventory;
import io.ltxfs.archive.verify.Problem;
import io.ltxfs.archive.verify.VerifyReport;
import io.ltxfs.ltx.Txid;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the commands on the archive print as JSON. */
final class ArchiveDocument {
    private ArchiveDocument() {}

    static Map<String, Object> of(Inventory inventory) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("name", inventory.database());
        document.put("lineage", inventory.record().map(DatabaseRecord::lineage).orElse(null));
        document.put("bytes", inventory.bytes());
        List<Map<String, Object>> levels = new ArrayList<>();
        for (Inventory.Level level : inventory.levels()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("level", level.name());
            entry.put("objects", level.objects());
            entry.put("minTxid", Txid.format(level.minTxid()));
            entry.put("maxTxid", Txid.format(level.maxTxid()));
            entry.put("firstTime", text(level.firstTime()));
            entry.put("lastTime", text(level.lastTime()));
            entry.put("bytes", level.bytes());
            List<Map<String, Object>> holes = new ArrayList<>();
            for (Inventory.Hole hole : level.holes()) {
                Map<String, Object> range = new LinkedHashMap<>();
                range.put("firstTxid", Txid.format(hole.firstTxid()));
                range.put("lastTxid", Txid.format(hole.lastTxid()));
                holes.add(range);
            }
            entry.put("holes", holes);
            levels.add(entry);
        }
        document.put("levels", levels);
        document.put("moments", moments(inventory.moments()));
        List<Map<String, Object>> drops = new ArrayList<>();
        for (DatabaseRecord.Drop drop :
                inventory.record().map(DatabaseRecord::drops).orElse(List.of())) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("txid", Txid.format(drop.txid()));
            entry.put("time", Instant.ofEpochMilli(drop.timeMillis()).toString());
            drops.add(entry);
        }
        document.put("drops", drops);
        List<Map<String, Object>> lineages = new ArrayList<>();
        for (Inventory.Aside aside : inventory.aside()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("lineage", aside.lineage());
            entry.put("objects", aside.objects());
            entry.put("bytes", aside.bytes());
            lineages.add(entry);
        }
        document.put("lineagesAside", lineages);
        document.put("warnings", inventory.warnings());
        return document;
    }

    static Map<String, Object> of(VerifyReport report) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("name", report.database());
        document.put("ok", report.problems().isEmpty());
        document.put("objects", report.objects());
        document.put("read", report.whole());
        document.put("bytes", report.bytes());
        List<Map<String, Object>> problems = new ArrayList<>();
        for (Problem problem : report.problems()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("object", problem.key());
            entry.put("problem", problem.text());
            entry.put("unusable", problem.unusable());
            problems.add(entry);
        }
        document.put("problems", problems);
        document.put("moments", moments(report.moments()));
        return document;
    }

    private static List<Map<String, Object>> moments(Moments moments) {
        List<Map<String, Object>> ranges = new ArrayList<>();
        for (Moments.Range range : moments.ranges()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("firstTxid", Txid.format(range.firstTxid()));
            entry.put("lastTxid", Txid.format(range.lastTxid()));
            entry.put("firstTime", text(range.firstTime()));
            entry.put("lastTime", text(range.lastTime()));
            ranges.add(entry);
        }
        return ranges;
    }

    /** What can be restored, for people; a line each. */
    static List<String> lines(Moments moments) {
        List<String> lines = new ArrayList<>();
        for (Moments.Range range : moments.ranges()) {
            boolean one = range.firstTxid() == range.lastTxid();
            lines.add(Txid.format(range.firstTxid())
                    + (one ? "" : " to " + Txid.format(range.lastTxid()))
                    + range.firstTime()
                            .map(first -> " (" + first
                                    + range.lastTime()
                                            .filter(last -> !one)
                                            .map(last -> " to " + last)
                                            .orElse("") + ")")
                            .orElse(""));
        }
        return lines;
    }

    private static @Nullable String text(Optional<Instant> time) {
        return time.map(Instant::toString).orElse(null);
    }
}
