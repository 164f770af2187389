package io.ltxfs.fusefs.transport;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;

/** How many requests of each kind the kernel has sent. Safe for all threads. */
public final class RequestCounters {
    private final LongAdder[] counts;

    /** Starts at zero. */
    public RequestCounters() {
        counts = new LongAdder[Opcode.COUNT];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = new LongAdder();
        }
    }

    /** Counts one request. @param opcode of the FUSE protocol; unknown ones are counted together */
    public void count(int opcode) {
        counts[opcode > 0 && opcode < counts.length ? opcode : 0].increment();
    }

    /** How many of one kind there were. @param name as in {@link Opcode#name(int)} */
    public long get(String name) {
        return snapshot().getOrDefault(name, 0L);
    }

    /** The sum over all kinds. */
    public long total() {
        long sum = 0;
        for (LongAdder count : counts) {
            sum += count.sum();
        }
        return sum;
    }

    /** Counts by name of the request in lower case, those that are not zero, sorted. */
    public Map<String, Long> snapshot() {
        Map<String, Long> byName = new TreeMap<>();
        for (int i = 0; i < counts.length; i++) {
            long count = counts[i].sum();
            if (count != 0) {
                byName.merge(Opcode.name(i), count, Long::sum);
            }
        }
        return byName;
    }
}
