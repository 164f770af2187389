package io.ltxfs.node.cli.ltx;

import io.ltxfs.ltx.LtxFormatException;
import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxSummary;
import io.ltxfs.ltx.PageChecksum;
import io.ltxfs.ltx.Txid;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;

/** LTX files as JSON objects. TXIDs, checksums, salts and node ids are hexadecimal text. */
final class LtxDocument {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private LtxDocument() {}

    static Map<String, Object> of(Path file, LtxSummary summary) {
        Map<String, Object> document = of(file, summary.header());
        document.put("generation", summary.generation().name());
        document.put("pages", summary.pages());
        document.put("postApplyChecksum", PageChecksum.format(summary.trailer().postApplyChecksum()));
        document.put("fileChecksum", PageChecksum.format(summary.trailer().fileChecksum()));
        document.put("size", summary.size());
        return document;
    }

    static Map<String, Object> of(Path file, LtxHeader header) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("file", file.toString());
        document.put("minTxid", Txid.format(header.minTxid()));
        document.put("maxTxid", Txid.format(header.maxTxid()));
        document.put("snapshot", header.isSnapshot());
        document.put("checksums", header.hasChecksums());
        document.put("pageSize", Integer.toUnsignedLong(header.pageSize()));
        document.put("commit", Integer.toUnsignedLong(header.commit()));
        document.put("timestamp", time(header.timestampMillis()));
        document.put("preApplyChecksum", PageChecksum.format(header.preApplyChecksum()));
        document.put("walOffset", header.walOffset());
        document.put("walSize", header.walSize());
        document.put("walSalt1", String.format("%08x", header.walSalt1()));
        document.put("walSalt2", String.format("%08x", header.walSalt2()));
        document.put("nodeId", Txid.format(header.nodeId()));
        return document;
    }

    /** What is wrong with a file, added to what is known of it. */
    static Map<String, Object> withError(Map<String, Object> document, IOException e) {
        if (e instanceof LtxFormatException format) {
            document.put("error", format.error().name());
            document.put("offset", format.offset());
            document.put("message", format.detail());
        } else {
            document.put("error", "IO");
            document.put("message", LtxTask.reason(e));
        }
        return document;
    }

    static Map<String, Object> wrong(Path file, IOException e) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("file", file.toString());
        return withError(document, e);
    }

    /** RFC 3339 with three decimals in UTC; empty if it is not known or beyond what that can say. */
    static String time(long millis) {
        if (millis == 0 || millis < -62_135_596_800_000L || millis > 253_402_300_799_999L) {
            return "";
        }
        return TIME.format(Instant.ofEpochMilli(millis));
    }
}
