package io.ltxfs.database.sim;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What may be found after a crash, from what the recorded application was told up to then. States are hashes of what the
 * tables hold, images of the bytes; the n-th image is that of TXID n.
 */
final class Oracle {
    private final String mode;
    /** Acknowledged states of each database in order, the first one empty. */
    private final Map<String, List<String>> states = new HashMap<>();
    /** The images of each database's TXIDs in order; null where nobody saw it. */
    private final Map<String, List<@Nullable String>> images = new HashMap<>();
    /** Index of the oldest state that a power cut may bring back, where the settings promise less than everything. */
    private final Map<String, Integer> flushed = new HashMap<>();
    /** What a transaction would make true that is about to commit. */
    private Map<String, String> pending = Map.of();

    private boolean joint;
    private boolean walFate;
    private boolean died;
    /** What a WAL writer was about to make true that died after its commit frame. */
    private Map<String, String> fate = Map.of();

    Oracle(String mode) {
        this.mode = mode;
    }

    /** Whether the settings promise every acknowledged commit after a power cut. */
    boolean strong() {
        return List.of("rb_normal", "rb_full", "rb_extra", "wal_full").contains(mode);
    }

    /** Whether TXIDs can be counted. */
    boolean counts() {
        return !mode.equals("adopt");
    }

    boolean fated() {
        return !fate.isEmpty();
    }

    void mark(Mark mark) {
        switch (mark.kind()) {
            case "try" -> {
                pending = new TreeMap<>();
                mark.states()
                        .forEach((name, state) ->
                                pending.put(name, state.equals(Mark.NONE) ? SqliteImage.EMPTY : state));
                joint = mark.is("joint");
                walFate = mark.is("walfate");
            }
            case "ack" -> acknowledged();
            case "nak" -> pending = Map.of();
            case "died" -> died = true;
            case "walfate" -> {
                fate = pending;
                pending = Map.of();
                fate.keySet().forEach(name -> imagesOf(name).add(null));
            }
            case "obs" -> {
                if (died && !pending.isEmpty() && !walFate) {
                    died = false;
                    if (mark.states().equals(pending)) {
                        acknowledged();
                    }
                    pending = Map.of();
                }
            }
            default -> {
                // img: only the images below.
            }
        }
        mark.images().forEach(this::image);
        if (mark.is("adopted")) {
            mark.images().keySet().forEach(this::flushed);
        }
    }

    /** The call that would have committed was refused: the application is told so. */
    void refused() {
        pending = Map.of();
    }

    /** A sync of a database returned. */
    void flushed(String name) {
        flushed.put(name, statesOf(name).size() - 1);
    }

    /** The number of TXIDs that a database has had. */
    int txids(String name) {
        return imagesOf(name).size();
    }

    /** The last image, or {@link Mark#NONE}. */
    @Nullable
    String image(String name) {
        List<@Nullable String> all = imagesOf(name);
        return all.isEmpty() ? Mark.NONE : all.get(all.size() - 1);
    }

    /** The image after a TXID, from 1; null if not known. */
    @Nullable
    String imageAt(String name, long txid) {
        List<@Nullable String> all = imagesOf(name);
        return txid < 1 || txid > all.size() ? null : all.get((int) txid - 1);
    }

    /** What is wrong with these states after a crash; empty if nothing. */
    List<String> check(Map<String, String> found, boolean powerCut) {
        List<String> wrong = new ArrayList<>();
        found.forEach((name, state) -> {
            if (state.startsWith("INTEGRITY") || state.startsWith("ERROR")) {
                wrong.add(name + ": " + state);
                return;
            }
            List<String> all = statesOf(name);
            int from = all.size() - 1;
            if (powerCut && !strong()) {
                from = counts() ? flushed.getOrDefault(name, 0) : 0;
            } else if (!counts()) {
                // What was written without a journal is held in the process until it is adopted.
                from = flushed.getOrDefault(name, 0);
            }
            boolean allowed = all.subList(from, all.size()).contains(state)
                    || state.equals(pending.get(name))
                    || state.equals(fate.get(name));
            if (!allowed) {
                wrong.add(name + ": "
                        + (all.contains(state)
                                ? "an acknowledged commit is lost"
                                : "a state that was never committed, or was refused, is there"));
            }
        });
        if (joint && !pending.isEmpty() && wrong.isEmpty()) {
            long changed = 0;
            long arrived = 0;
            for (Map.Entry<String, String> entry : pending.entrySet()) {
                List<String> all = statesOf(entry.getKey());
                if (!entry.getValue().equals(all.get(all.size() - 1))) {
                    changed++;
                    arrived += entry.getValue().equals(found.get(entry.getKey())) ? 1 : 0;
                }
            }
            if (arrived != 0 && arrived != changed) {
                wrong.add("a transaction over several databases is torn");
            }
        }
        return wrong;
    }

    private void acknowledged() {
        if (!strong()) {
            // What a died writer left may come back until this commit is flushed.
            fate.forEach((name, state) -> statesOf(name).add(state));
        }
        pending.forEach((name, state) -> {
            List<String> all = statesOf(name);
            if (!all.get(all.size() - 1).equals(state)) {
                all.add(state);
            }
        });
        pending = Map.of();
        fate = Map.of();
    }

    private void image(String name, String image) {
        List<@Nullable String> all = imagesOf(name);
        String last = Mark.NONE;
        for (String known : all) {
            last = Objects.requireNonNullElse(known, last);
        }
        if (!image.equals(last)) {
            all.add(image);
        }
    }

    private List<String> statesOf(String name) {
        return states.computeIfAbsent(name, n -> new ArrayList<>(List.of(SqliteImage.EMPTY)));
    }

    private List<@Nullable String> imagesOf(String name) {
        return images.computeIfAbsent(name, n -> new ArrayList<>());
    }
}
