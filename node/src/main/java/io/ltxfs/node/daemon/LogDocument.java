package io.ltxfs.node.daemon;

import io.ltxfs.database.TransactionSummary;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The transactions of a database as a JSON array, oldest first. */
public final class LogDocument {
    private LogDocument() {}

    /** Builds the array. */
    public static List<Map<String, Object>> of(List<TransactionSummary> history) {
        List<Map<String, Object>> document = new ArrayList<>();
        for (TransactionSummary transaction : history) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("txid", StatusDocument.hex(transaction.txid()));
            entry.put("time", Instant.ofEpochMilli(transaction.timeMillis()).toString());
            entry.put("pages", transaction.pages());
            entry.put("commit", transaction.commit());
            entry.put("preApplyChecksum", StatusDocument.hex(transaction.preApplyChecksum()));
            entry.put("postApplyChecksum", StatusDocument.hex(transaction.postApplyChecksum()));
            entry.put("epoch", transaction.epoch());
            document.add(entry);
        }
        return document;
    }
}
