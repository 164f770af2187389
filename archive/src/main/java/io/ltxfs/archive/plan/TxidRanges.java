package io.ltxfs.archive.plan;

import io.ltxfs.ltx.Txid;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/** A set of TXIDs (unsigned) as ranges that do not touch. Not for use by several threads at once. */
final class TxidRanges {
    /** TXIDs from {@code first} to {@code last}. */
    record Range(long first, long last) {}

    private final TreeMap<Long, Long> lastByFirst = new TreeMap<>(Txid::compare);

    /** Adds a range; returns whether anything of it was new. */
    boolean add(long first, long last) {
        long newFirst = first;
        long newLast = last;
        Map.Entry<Long, Long> before = lastByFirst.floorEntry(first);
        if (before != null && (before.getValue() == -1 || Txid.compare(before.getValue() + 1, first) >= 0)) {
            if (Txid.compare(before.getValue(), last) >= 0) {
                return false;
            }
            newFirst = before.getKey();
        }
        for (Map.Entry<Long, Long> next = lastByFirst.ceilingEntry(newFirst);
                next != null && (newLast == -1 || Txid.compare(next.getKey(), newLast + 1) <= 0);
                next = lastByFirst.ceilingEntry(newFirst)) {
            if (Txid.compare(next.getValue(), newLast) > 0) {
                newLast = next.getValue();
            }
            lastByFirst.remove(next.getKey());
        }
        lastByFirst.put(newFirst, newLast);
        return true;
    }

    void remove(long txid) {
        Map.Entry<Long, Long> range = lastByFirst.floorEntry(txid);
        if (range == null || Txid.compare(range.getValue(), txid) < 0) {
            return;
        }
        lastByFirst.remove(range.getKey());
        if (Txid.compare(range.getKey(), txid) < 0) {
            lastByFirst.put(range.getKey(), txid - 1);
        }
        if (Txid.compare(range.getValue(), txid) > 0) {
            lastByFirst.put(txid + 1, range.getValue());
        }
    }

    boolean contains(long txid) {
        return atMost(txid).equals(OptionalLong.of(txid));
    }

    /** The greatest one that is not greater. */
    OptionalLong atMost(long txid) {
        Map.Entry<Long, Long> range = lastByFirst.floorEntry(txid);
        if (range == null) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(Txid.compare(range.getValue(), txid) < 0 ? range.getValue() : txid);
    }

    /** The smallest one that is not smaller. */
    OptionalLong atLeast(long txid) {
        if (contains(txid)) {
            return OptionalLong.of(txid);
        }
        Long first = lastByFirst.ceilingKey(txid);
        return first == null ? OptionalLong.empty() : OptionalLong.of(first);
    }

    List<Range> ranges() {
        List<Range> ranges = new ArrayList<>();
        lastByFirst.forEach((first, last) -> ranges.add(new Range(first, last)));
        return ranges;
    }
}
