package io.ltxfs.archive.compact;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What one run did for a database. Owned by the thread of the run. */
public final class CompactionReport {
    /**
     * An object that was made.
     *
     * @param level 1 to 8; 9 for a snapshot; {@link RetentionPlan#BUNDLE} for a bundle
     */
    public record Made(String key, int level, long minTxid, long maxTxid, long bytes) {}

    private final String database;
    private final List<Made> made = new ArrayList<>();
    private final List<String> deleted = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private @Nullable Instant nextAt;

    CompactionReport(String database) {
        this.database = database;
    }

    void made(String key, int level, long minTxid, long maxTxid, long bytes, boolean now) {
        if (now) {
            made.add(new Made(key, level, minTxid, maxTxid, bytes));
        }
    }

    void deleted(List<String> keys) {
        deleted.addAll(keys);
    }

    void warn(String warning) {
        if (!warnings.contains(warning)) {
            warnings.add(warning);
        }
    }

    void nextAt(Instant moment) {
        if (nextAt == null || moment.isBefore(nextAt)) {
            nextAt = moment;
        }
    }

    /** When there is something to do though nothing is uploaded; empty if never. */
    Optional<Instant> nextAt() {
        return Optional.ofNullable(nextAt);
    }

    /** The database's name. */
    public String database() {
        return database;
    }

    /** What was put, in that order. */
    public List<Made> made() {
        return List.copyOf(made);
    }

    /** The keys of what was deleted, in that order. */
    public List<String> deleted() {
        return List.copyOf(deleted);
    }

    /** What is wrong and what to do, one line each. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }
}
