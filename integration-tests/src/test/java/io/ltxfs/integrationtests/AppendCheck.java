package io.ltxfs.integrationtests;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares what clients were told of their appends with what is there at the end: every acknowledged one exactly once,
 * none that was refused, and all in an order that fits real time. An append that ended before another one began must
 * stand before it.
 */
final class AppendCheck {
    /** A row at the end. */
    record Row(int client, long number) {}

    private AppendCheck() {}

    /**
     * Says what is wrong.
     *
     * @param rows in the order of the database
     */
    static List<String> problems(List<Append> appends, List<Row> rows) {
        List<String> problems = new ArrayList<>();
        Map<Row, Integer> places = new HashMap<>();
        for (int i = 0; i < rows.size(); i++) {
            if (places.putIfAbsent(rows.get(i), i) != null) {
                problems.add(rows.get(i) + " is there twice");
            }
        }
        Map<Row, Append> known = new HashMap<>();
        for (Append append : appends) {
            Row row = new Row(append.client(), append.number());
            known.put(row, append);
            boolean there = places.containsKey(row);
            if (append.outcome() == Append.Outcome.OK && !there) {
                problems.add("acknowledged and missing: " + append);
            }
            if (append.outcome() == Append.Outcome.REFUSED && there) {
                problems.add("refused and there: " + append);
            }
        }
        checkOrder(rows, known, problems);
        return problems;
    }

    private static void checkOrder(List<Row> rows, Map<Row, Append> known, List<String> problems) {
        Append latestBegun = null;
        for (Row row : rows) {
            Append append = known.get(row);
            if (append == null) {
                problems.add("nobody appended " + row);
                continue;
            }
            // One of unknown outcome may take effect later than its end.
            if (latestBegun != null && append.outcome() == Append.Outcome.OK && append.ended() < latestBegun.begun()) {
                problems.add("ended before the other began, and stands behind it: " + append + ", " + latestBegun);
            }
            if (latestBegun == null || append.begun() > latestBegun.begun()) {
                latestBegun = append;
            }
        }
    }

    /**
     * Which reads saw something that is no beginning of the final history.
     *
     * @param rows in the order of the database
     */
    static List<AppendRead> strayReads(List<AppendRead> reads, List<Row> rows) {
        List<AppendRead> stray = new ArrayList<>();
        for (AppendRead read : reads) {
            boolean fits = read.count() <= rows.size()
                    && rows.get((int) read.count() - 1).equals(new Row(read.lastClient(), read.lastNumber()));
            if (!fits) {
                stray.add(read);
            }
        }
        return stray;
    }
}
