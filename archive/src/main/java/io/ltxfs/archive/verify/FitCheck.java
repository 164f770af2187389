package io.ltxfs.archive.verify;

import io.ltxfs.archive.ArchiveLayout;
import io.ltxfs.archive.DatabaseRecord;
import io.ltxfs.archive.LtxObject;
import io.ltxfs.archive.verify.Checked.Claim;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.ltx.Txid;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Checks how the objects of a database fit together: one history, without holes, in ascending time. */
final class FitCheck {
    /** Clocks of the machines that write an archive may differ so much. */
    private static final Duration CLOCKS = Duration.ofMinutes(10);

    private final Consumer<Problem> problems;

    FitCheck(Consumer<Problem> problems) {
        this.problems = problems;
    }

    /** Checks the names of one level's objects, which are in the order of their names. */
    void level(List<LtxObject> objects, String prefix) {
        for (int i = 1; i < objects.size(); i++) {
            LtxObject before = objects.get(i - 1);
            LtxObject object = objects.get(i);
            if (object.level() == ArchiveLayout.SNAPSHOT_LEVEL) {
                continue;
            }
            if (Txid.compare(object.minTxid(), before.maxTxid()) <= 0) {
                problems.accept(Problem.misplaced(object.key(), "it overlaps with " + before.key()));
            } else if (object.minTxid() != before.maxTxid() + 1) {
                problems.accept(Problem.misplaced(
                        prefix,
                        "the transactions " + Txid.format(before.maxTxid() + 1) + " to "
                                + Txid.format(object.minTxid() - 1) + " are missing in this level"));
            }
        }
    }

    /** Checks that no object of the lower level reaches across the end of one of the higher level. */
    void nesting(List<LtxObject> lower, List<LtxObject> higher) {
        int at = 0;
        for (LtxObject object : lower) {
            while (at < higher.size() && Txid.compare(higher.get(at).maxTxid(), object.minTxid()) < 0) {
                at++;
            }
            if (at < higher.size() && Txid.compare(higher.get(at).maxTxid(), object.maxTxid()) < 0) {
                problems.accept(Problem.misplaced(
                        object.key(),
                        "it reaches across the end of " + higher.get(at).key()));
            }
        }
    }

    /** Checks what the objects say of the history. */
    void history(List<Checked> objects, Optional<DatabaseRecord> record, String recordKey, Instant now) {
        objects.forEach(object -> future(object, now));
        checksums(objects);
        times(objects);
        lineage(objects, record, recordKey);
    }

    private void future(Checked object, Instant now) {
        long latest = now.plus(CLOCKS).toEpochMilli();
        if (object.timestampMillis() > latest) {
            problems.accept(Problem.misplaced(
                    object.key(),
                    "its time is in the future: " + Instant.ofEpochMilli(object.timestampMillis())
                            + "; set the clock of the machine that wrote it"));
        }
    }

    /** What was said of the database's checksum after one transaction: by whom. */
    private static final class Claims {
        final Map<Long, List<String>> by = new TreeMap<>();
        final Set<Long> proven = new HashSet<>();

        void add(String key, Claim claim) {
            by.computeIfAbsent(claim.checksum(), checksum -> new ArrayList<>()).add(key);
            if (claim.proven()) {
                proven.add(claim.checksum());
            }
        }

        /** The one that is right, if that can be told: content was found that has it, or most say so. */
        Optional<Long> right() {
            if (!proven.isEmpty()) {
                return proven.size() == 1 ? Optional.of(proven.iterator().next()) : Optional.empty();
            }
            int most = by.values().stream().mapToInt(List::size).max().orElse(0);
            List<Long> winners = by.entrySet().stream()
                    .filter(entry -> entry.getValue().size() == most)
                    .map(Map.Entry::getKey)
                    .toList();
            return winners.size() == 1 ? Optional.of(winners.get(0)) : Optional.empty();
        }
    }

    private void checksums(List<Checked> objects) {
        Map<Long, Claims> all = new HashMap<>();
        for (Checked object : objects) {
            for (Claim claim : object.claims()) {
                all.computeIfAbsent(claim.txid(), txid -> new Claims()).add(object.key(), claim);
            }
        }
        Set<String> told = new HashSet<>();
        all.forEach((txid, claims) -> {
            if (claims.by.size() < 2) {
                return;
            }
            Optional<Long> right = claims.right();
            claims.by.forEach((checksum, keys) -> {
                for (String key : keys) {
                    if (right.filter(checksum::equals).isEmpty() && told.add(key)) {
                        problems.accept(Problem.damaged(
                                key,
                                "it says that the database checksum after transaction " + Txid.format(txid) + " is "
                                        + PageChecksum.format(checksum) + ", other objects say "
                                        + others(claims, checksum)));
                    }
                }
            });
        });
    }

    private static String others(Claims claims, long checksum) {
        return claims.by.keySet().stream()
                .filter(other -> other != checksum)
                .map(PageChecksum::format)
                .toList()
                .toString();
    }

    private void times(List<Checked> objects) {
        Map<Integer, List<Checked>> levels = new TreeMap<>();
        for (Checked object : objects) {
            levels.computeIfAbsent(object.level(), level -> new ArrayList<>()).add(object);
        }
        for (List<Checked> level : levels.values()) {
            level.sort(Comparator.comparing(Checked::maxTxid, Txid::compare));
            for (int i = 1; i < level.size(); i++) {
                Checked before = level.get(i - 1);
                Checked object = level.get(i);
                if (object.timestampMillis() != 0 && object.timestampMillis() < before.timestampMillis()) {
                    problems.accept(Problem.misplaced(
                            object.key(),
                            "its time " + Instant.ofEpochMilli(object.timestampMillis())
                                    + " is before that of earlier transactions in " + before.key()));
                }
            }
        }
    }

    private void lineage(List<Checked> objects, Optional<DatabaseRecord> record, String recordKey) {
        List<Checked> ours =
                objects.stream().filter(o -> o.facts().lineage().isPresent()).toList();
        if (record.isEmpty()) {
            if (!ours.isEmpty()) {
                problems.accept(Problem.misplaced(
                        recordKey, "it is missing, although ltxfs wrote objects: drops and epochs are not known"));
            }
            return;
        }
        String lineage = record.get().lineage();
        boolean any = ours.stream().anyMatch(o -> o.facts().lineage().orElse("").equals(lineage));
        if (!any && !ours.isEmpty()) {
            problems.accept(
                    Problem.damaged(recordKey, "it names the history " + lineage + ", which no object belongs to"));
            return;
        }
        for (Checked object : ours) {
            String own = object.facts().lineage().orElse("");
            if (!own.equals(lineage)) {
                problems.accept(Problem.damaged(
                        object.key(), "it belongs to another history, " + own + " instead of " + lineage));
            } else if (Long.compareUnsigned(object.facts().epoch(), record.get().epochOf(object.maxTxid())) < 0) {
                problems.accept(Problem.damaged(
                        object.key(),
                        "a node put it that was not the primary any more: epoch "
                                + Long.toUnsignedString(object.facts().epoch()) + ", the history has "
                                + Long.toUnsignedString(record.get().epochOf(object.maxTxid()))));
            }
        }
    }
}
