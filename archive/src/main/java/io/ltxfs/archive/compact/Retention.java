package io.ltxfs.archive.compact;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.DatabaseArchive;
import io.ltxfs.archive.compact.RetentionPlan.Deletion;
import io.ltxfs.archive.compact.RetentionPlan.Replacement;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Deletes what a plan allows, after it has read what replaces it. */
final class Retention {
    /** How many objects one request deletes at most; S3 allows 1000. */
    private static final int BATCH_MAX = 500;

    private final DatabaseArchive database;
    private final CompactionTools tools;
    private final CompactionReport report;
    private final Epochs epochs;

    Retention(DatabaseArchive database, CompactionTools tools, CompactionReport report, Epochs epochs) {
        this.database = database;
        this.epochs = epochs;
        this.tools = tools;
        this.report = report;
    }

    /** Carries a plan out, in its order. What is not replaced by something good stays, and all that follows at its level. */
    void run(RetentionPlan plan) throws IOException {
        Set<Integer> stopped = new HashSet<>();
        List<String> keys = new ArrayList<>();
        for (Deletion deletion : plan.deletions()) {
            if (stopped.contains(deletion.level())) {
                continue;
            }
            if (!isReplaced(deletion)) {
                // Bundles do not hang on each other.
                if (deletion.level() != RetentionPlan.BUNDLE) {
                    stopped.add(deletion.level());
                }
                continue;
            }
            keys.add(deletion.key());
            if (keys.size() == BATCH_MAX) {
                delete(keys);
            }
        }
        if (!keys.isEmpty()) {
            delete(keys);
        }
    }

    private void delete(List<String> keys) throws IOException {
        epochs.checkUnchanged();
        database.store().deleteAll(keys);
        report.deleted(keys);
        keys.clear();
    }

    private boolean isReplaced(Deletion deletion) throws IOException {
        for (Replacement replacement : deletion.replacedBy()) {
            if (!isGood(replacement)) {
                return false;
            }
        }
        return true;
    }

    private boolean isGood(Replacement replacement) throws IOException {
        if (tools.verified().contains(replacement.key())) {
            return true;
        }
        ObjectVerifier verifier = new ObjectVerifier(database);
        try {
            if (replacement instanceof Replacement.ByObject by) {
                epochs.check(
                        by.key(),
                        verifier.verify(by.object()).facts(),
                        by.object().maxTxid());
            } else if (replacement instanceof Replacement.ByBundle by) {
                epochs.check(by.key(), verifier.verify(by.bundle()), by.bundle().maxTxid());
            }
        } catch (ArchiveException e) {
            report.warn(e.getMessage() + "; what it replaces is kept");
            return false;
        } catch (StoreException e) {
            if (e.kind() == StoreException.Kind.NOT_FOUND) {
                return false;
            }
            throw e;
        }
        tools.verified().add(replacement.key());
        return true;
    }
}
