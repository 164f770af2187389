package io.ltxfs.archive;

import io.ltxfs.archive.ArchiveException.Kind;
import io.ltxfs.archive.DatabaseRecord.Drop;
import io.ltxfs.archive.DatabaseRecord.Epoch;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.json.Json;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The text form of a {@link DatabaseRecord}: {@code {"format": 1, "lineage": …, "database": …, "epochs": [{"epoch",
 * "firstTxid", "node"}], "drops": [{"txid", "time"}], "checksum"}}, TXIDs as 16 hexadecimal digits, times in RFC 3339, the
 * checksum at the end: CRC-32C of the text before its name. Fields that are not known are passed over; a writer of
 * something that a reader must not pass over raises the format.
 */
final class RecordJson {
    private static final long FORMAT = 1;
    private static final String CHECKSUM = "checksum";

    private RecordJson() {}

    static byte[] write(DatabaseRecord record) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("lineage", record.lineage());
        json.put("database", record.database());
        List<Object> epochs = new ArrayList<>();
        for (Epoch epoch : record.epochs()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("epoch", Long.toUnsignedString(epoch.epoch()));
            one.put("firstTxid", Txid.format(epoch.firstTxid()));
            one.put("node", epoch.node());
            epochs.add(one);
        }
        json.put("epochs", epochs);
        List<Object> drops = new ArrayList<>();
        for (Drop drop : record.drops()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("txid", Txid.format(drop.txid()));
            one.put("time", Instant.ofEpochMilli(drop.timeMillis()).toString());
            drops.add(one);
        }
        json.put("drops", drops);
        json.put(CHECKSUM, "00000000");
        String text = Json.writePretty(json);
        String before = text.substring(0, text.lastIndexOf(CHECKSUM));
        return (before + end(before)).getBytes(StandardCharsets.UTF_8);
    }

    /** What stands behind the beginning of a record, with its checksum. */
    static String end(String before) {
        CRC32C crc = new CRC32C();
        crc.update(before.getBytes(StandardCharsets.UTF_8));
        return CHECKSUM + "\": \"" + String.format("%08x", crc.getValue()) + "\"\n}\n";
    }

    private static void checkSum(String text) {
        int at = text.lastIndexOf(CHECKSUM);
        if (at < 0) {
            throw new IllegalArgumentException("it has no 'checksum'");
        }
        if (!text.substring(at).equals(end(text.substring(0, at)))) {
            throw new IllegalArgumentException("its checksum is wrong");
        }
    }

    /**
     * Reads a record.
     *
     * @param name the object as people write it, for messages
     */
    static DatabaseRecord read(byte[] bytes, String name) throws ArchiveException {
        Map<String, Object> json;
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            json = Json.readObject(text);
            checkFormat(json, name);
            checkSum(text);
        } catch (CharacterCodingException e) {
            throw damaged(name, "it is no text", e);
        } catch (IllegalArgumentException e) {
            throw damaged(name, String.valueOf(e.getMessage()), e);
        }
        try {
            return read(json);
        } catch (IllegalArgumentException | DateTimeException e) {
            throw damaged(name, String.valueOf(e.getMessage()), e);
        }
    }

    private static void checkFormat(Map<String, Object> json, String name) throws ArchiveException {
        Object format = json.get("format");
        if (!(format instanceof Number number)) {
            throw new IllegalArgumentException("it has no 'format'");
        }
        if (number.longValue() != FORMAT) {
            throw new ArchiveException(
                    Kind.DAMAGED,
                    name + ": it has format " + format + ", and this ltxfs knows format " + FORMAT
                            + "; use the newer ltxfs that wrote it");
        }
    }

    private static DatabaseRecord read(Map<String, Object> json) {
        List<Epoch> epochs = new ArrayList<>();
        for (Object value : Json.array(json.get("epochs"))) {
            Map<String, Object> one = Json.object(value);
            epochs.add(new Epoch(
                    Long.parseUnsignedLong(text(one, "epoch")), Txid.parse(text(one, "firstTxid")), text(one, "node")));
        }
        List<Drop> drops = new ArrayList<>();
        for (Object value : Json.array(json.get("drops"))) {
            Map<String, Object> one = Json.object(value);
            drops.add(new Drop(
                    Txid.parse(text(one, "txid")),
                    Instant.parse(text(one, "time")).toEpochMilli()));
        }
        DatabaseRecord record = new DatabaseRecord(text(json, "lineage"), text(json, "database"), epochs, drops);
        checkOrder(record);
        return record;
    }

    private static void checkOrder(DatabaseRecord record) {
        for (int i = 1; i < record.epochs().size(); i++) {
            Epoch before = record.epochs().get(i - 1);
            Epoch epoch = record.epochs().get(i);
            if (Long.compareUnsigned(before.epoch(), epoch.epoch()) >= 0
                    || Txid.compare(before.firstTxid(), epoch.firstTxid()) > 0) {
                throw new IllegalArgumentException("epoch " + Long.toUnsignedString(epoch.epoch()) + " from TXID "
                        + Txid.format(epoch.firstTxid()) + " stands behind epoch "
                        + Long.toUnsignedString(before.epoch()) + " from " + Txid.format(before.firstTxid()));
            }
        }
        for (int i = 1; i < record.drops().size(); i++) {
            if (Txid.compare(
                            record.drops().get(i - 1).txid(),
                            record.drops().get(i).txid())
                    >= 0) {
                throw new IllegalArgumentException("the drops are not in ascending order");
            }
        }
    }

    private static String text(Map<String, Object> json, String field) {
        @Nullable Object value = json.get(field);
        if (!(value instanceof String text) || text.isEmpty() && !field.equals("node")) {
            throw new IllegalArgumentException("'" + field + "' is " + (value == null ? "missing" : "'" + value + "'"));
        }
        return text;
    }

    private static ArchiveException damaged(String name, String why, Exception cause) {
        return new ArchiveException(
                Kind.DAMAGED,
                name + ": it is no record of a database: " + why
                        + "; put a good copy of it back, or move it away to restore without it (drops and epochs are"
                        + " not known then)",
                cause);
    }
}
