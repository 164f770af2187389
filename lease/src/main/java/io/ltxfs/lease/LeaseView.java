package io.ltxfs.lease;

import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a process knows of the lease object: the version it saw last, since when it knows that version, and the highest
 * epoch that anybody showed it. Part of {@link LeaseMachine}.
 */
final class LeaseView {
    private static final int SUPERSEDED_MAX = 16;
    private static final String GONE = "the lease object is gone: somebody deleted it, and its epoch would begin again;"
            + " put it back with 'ltxfs lease break --epoch N', N being the highest epoch that 'ltxfs status' shows"
            + " anywhere";

    private @Nullable String etag;
    private @Nullable LeaseRecord record;
    private long since;
    private boolean existed;
    private boolean missing;
    private long epochMax;
    /** The epoch was raised after the request under way was sent: its answer may be older, and no lie. */
    private boolean raisedMeanwhile;

    private @Nullable String alarm;
    /** Versions that are known to be old, newest last: a heartbeat that still shows one says nothing. */
    private final ArrayDeque<String> superseded = new ArrayDeque<>();

    LeaseView(long epochMax) {
        this.epochMax = epochMax;
        this.existed = epochMax != 0;
    }

    long epochMax() {
        return epochMax;
    }

    @Nullable
    String alarm() {
        return alarm;
    }

    /** The version that was seen last; null if it is not known what it says. */
    @Nullable
    LeaseRecord record() {
        return record;
    }

    @Nullable
    String etag() {
        return etag;
    }

    /** When this process first saw the version, or that there is none. */
    long since() {
        return since;
    }

    /** Whether there is no object, and never was one as far as is known. */
    boolean missing() {
        return missing;
    }

    Optional<Lease.Seen> seen() {
        LeaseRecord known = record;
        return known == null
                ? Optional.empty()
                : Optional.of(new Lease.Seen(known, Objects.requireNonNull(etag, "a record has an ETag")));
    }

    void asked() {
        raisedMeanwhile = false;
    }

    /**
     * A version was read or written.
     *
     * @return false if it is not to be used: older than what is known from elsewhere, or wrong
     */
    boolean see(String newEtag, LeaseRecord newRecord, long now) {
        if (Long.compareUnsigned(newRecord.epoch(), epochMax) < 0) {
            if (!raisedMeanwhile) {
                alarm = "the lease's epoch went back from " + Long.toUnsignedString(epochMax) + " to "
                        + Long.toUnsignedString(newRecord.epoch())
                        + ": the store lost a write, or an old copy was put back; look at 'ltxfs lease show', and set it"
                        + " right with 'ltxfs lease break --epoch " + Long.toUnsignedString(epochMax) + "'";
            }
            return false;
        }
        alarm = null;
        epochMax = newRecord.epoch();
        existed = true;
        missing = false;
        if (!newEtag.equals(etag)) {
            supersede(newEtag);
            etag = newEtag;
            since = now;
        }
        record = newRecord;
        return true;
    }

    private void supersede(String newEtag) {
        String old = etag;
        if (old != null) {
            superseded.remove(newEtag);
            superseded.add(old);
            if (superseded.size() > SUPERSEDED_MAX) {
                superseded.remove();
            }
        }
    }

    /**
     * The store has no such object.
     *
     * @return false if that is older than what is known from elsewhere
     */
    boolean gone(long now) {
        if (raisedMeanwhile) {
            return false;
        }
        if (existed) {
            alarm = GONE;
        } else if (!missing) {
            missing = true;
            since = now;
        }
        record = null;
        etag = null;
        return true;
    }

    /**
     * A peer has shown an ETag (empty if it did not) and an epoch.
     *
     * @return whether that is news, so that the object is to be read
     */
    boolean hear(String newEtag, long epoch, boolean requestUnderWay, long now) {
        int order = Long.compareUnsigned(epoch, epochMax);
        boolean newVersion = !newEtag.isEmpty() && !newEtag.equals(etag) && !superseded.contains(newEtag);
        if (order < 0 || order == 0 && !newVersion) {
            return false;
        }
        raisedMeanwhile |= order > 0 && requestUnderWay;
        epochMax = epoch;
        existed = true;
        missing = false;
        etag = newEtag.isEmpty() ? null : newEtag;
        record = null; // what it says is read before anything is done about it
        since = now;
        return true;
    }
}
