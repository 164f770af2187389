package io.ltxfs.node.cli.archive;

import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.verify.Inventory;
import io.ltxfs.ltx.Txid;
import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.node.cli.CliException;
import io.ltxfs.node.cli.ExitCode;
import io.ltxfs.node.cli.Report;
import io.ltxfs.node.cli.Table;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists what is in the archive, by level. */
@Command(
        name = "list",
        description = "Show what is in the archive, by level, and what moments can be restored. No content is read.",
        footer = {
            "",
            "Examples:",
            "  ltxfs archive list --db app.db",
            "  ltxfs archive list --archive s3://bucket/prefix --json"
        })
final class ArchiveListCommand extends ArchiveTask {
    @Mixin
    Report report = new Report();

    @Override
    int run(NodeArchive archive, List<DatabaseArchive> databases) throws IOException, InterruptedException {
        List<Inventory> inventories = Each.of(databases, 8, Inventory::of);
        if (database != null && inventories.get(0).levels().isEmpty()) {
            throw new CliException(
                    ExitCode.NOT_FOUND,
                    "archive list",
                    "there is nothing of " + database + " in " + archive.describe(),
                    "see 'ltxfs archive list' for those that there are");
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("archive", archive.describe());
        document.put("databases", inventories.stream().map(ArchiveDocument::of).toList());
        report.print(document, out -> {
            out.println("archive   " + archive.describe());
            inventories.forEach(inventory -> print(inventory, out));
        });
        return ExitCode.DONE;
    }

    private static void print(Inventory inventory, PrintWriter out) {
        out.println();
        out.println(inventory.database()
                + inventory
                        .record()
                        .map(record -> "  (history " + record.lineage() + ")")
                        .orElse("  (without a record: Litestream's)"));
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"  LEVEL", "OBJECTS", "FROM", "TO", "FIRST", "LAST", "BYTES", "HOLES"});
        for (Inventory.Level level : inventory.levels()) {
            rows.add(new String[] {
                "  " + level.name() + (level.name().equals("9") ? " (snapshots)" : ""),
                Integer.toString(level.objects()),
                Txid.format(level.minTxid()),
                Txid.format(level.maxTxid()),
                time(level.firstTime()),
                time(level.lastTime()),
                Long.toString(level.bytes()),
                holes(level.holes())
            });
        }
        Table.print(rows, out);
        ArchiveDocument.lines(inventory.moments()).forEach(line -> out.println("  restorable  " + line));
        for (DatabaseRecord.Drop drop :
                inventory.record().map(DatabaseRecord::drops).orElse(List.of())) {
            out.println(
                    "  dropped     " + Txid.format(drop.txid()) + " (" + Instant.ofEpochMilli(drop.timeMillis()) + ")");
        }
        inventory
                .aside()
                .forEach(aside -> out.println("  moved aside history " + aside.lineage() + ": " + aside.objects()
                        + " objects, " + aside.bytes() + " bytes"));
        inventory.warnings().forEach(warning -> out.println("  ! " + warning));
    }

    private static String time(Optional<Instant> time) {
        return time.map(Instant::toString).orElse("?");
    }

    private static String holes(List<Inventory.Hole> holes) {
        if (holes.isEmpty()) {
            return "none";
        }
        Inventory.Hole first = holes.get(0);
        return Txid.format(first.firstTxid()) + " to " + Txid.format(first.lastTxid())
                + (holes.size() > 1 ? ", and " + (holes.size() - 1) + " more" : "");
    }
}
