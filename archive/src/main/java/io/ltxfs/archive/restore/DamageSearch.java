package io.ltxfs.archive.restore;

import io.ltxfs.archive.plan.RestorePlan;
import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxReader;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Reads every LTX file of a plan whole, to find the one that is damaged. */
final class DamageSearch {
    private DamageSearch() {}

    /** The damaged objects, by key, with what is wrong with each. */
    static Map<String, String> search(RestorePlan plan, RangeReader reader, BooleanSupplier stopped)
            throws IOException {
        Map<String, String> damaged = new LinkedHashMap<>();
        for (LtxSource source : LtxSource.of(plan)) {
            if (stopped.getAsBoolean()) {
                throw new StoppedException();
            }
            if (damaged.containsKey(source.key())) {
                continue;
            }
            SourceBytes bytes = new SourceBytes(reader, source);
            try (LtxReader ltx = LtxReader.open(bytes.stream(0, source.length()), source.length())) {
                ltx.drain();
            } catch (LtxFormatException e) {
                damaged.put(source.key(), String.valueOf(e.getMessage()));
            } catch (DamagedObjectException e) {
                damaged.put(source.key(), e.what());
            }
        }
        return damaged;
    }
}
