package io.ltxfs.lease;

import io.ltxfs.lease.LeaseRecord.State;
import io.ltxfs.lease.Quorum.Voter;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The text form of a {@link LeaseRecord}: {@code {"format": 1, "epoch": "7", "state", "holder", "node", "advertise",
 * "nonce", "ttlMillis", "vouched", "quorum": {"epoch", "node", "advertise", "voters": [{"node", "advertise"}], "acks",
 * "archive"}}}, epochs as decimal text. {@code vouched} and {@code quorum} may be missing. Fields that are not known are
 * passed over; a writer of something that a reader must not pass over raises the format, and is refused by this one.
 */
final class LeaseJson {
    private static final int FORMAT = 1;

    private LeaseJson() {}

    static byte[] write(LeaseRecord record) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("format", FORMAT);
        fields.put("epoch", Long.toUnsignedString(record.epoch()));
        fields.put("state", record.state().name().toLowerCase(Locale.ROOT));
        fields.put("holder", record.holder());
        fields.put("node", record.node());
        fields.put("advertise", record.advertise());
        fields.put("nonce", record.nonce());
        fields.put("ttlMillis", record.ttlMillis());
        fields.put("vouched", record.vouched());
        record.quorum().ifPresent(quorum -> fields.put("quorum", fields(quorum)));
        return Json.writePretty(fields).getBytes(StandardCharsets.UTF_8);
    }

    static Map<String, Object> fields(Quorum quorum) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("epoch", Long.toUnsignedString(quorum.epoch()));
        fields.put("node", quorum.node());
        fields.put("advertise", quorum.advertise());
        List<Object> voters = new ArrayList<>();
        for (Voter voter : quorum.voters()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("node", voter.node());
            one.put("advertise", voter.advertise());
            voters.add(one);
        }
        fields.put("voters", voters);
        fields.put("acks", quorum.acks());
        fields.put("archive", quorum.archive());
        return fields;
    }

    /**
     * Reads a record.
     *
     * @param name the object as people write it, for messages
     */
    static LeaseRecord read(byte[] bytes, String name) throws IOException {
        Map<String, Object> fields;
        try {
            fields = Json.readObject(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            throw damaged(name, "it is no text", e);
        } catch (IllegalArgumentException e) {
            throw damaged(name, "it is " + e.getMessage(), e);
        }
        if (!(fields.get("format") instanceof Number format)) {
            throw damaged(name, "it has no 'format'", null);
        }
        if (format.longValue() > FORMAT) {
            throw new IOException(name + ": it has format " + format + ", and this ltxfs knows format " + FORMAT
                    + ": a newer ltxfs takes part in this cluster; update this one");
        }
        try {
            return record(fields);
        } catch (IllegalArgumentException e) {
            throw damaged(name, String.valueOf(e.getMessage()), e);
        }
    }

    private static LeaseRecord record(Map<String, Object> fields) {
        long epoch = epoch(fields);
        long ttl = number(fields, "ttlMillis");
        if (ttl <= 0 || epoch == 0) {
            throw new IllegalArgumentException(
                    "epoch " + Long.toUnsignedString(epoch) + " and ttlMillis " + ttl + " must be above 0");
        }
        return new LeaseRecord(
                epoch,
                text(fields, "holder"),
                text(fields, "node"),
                text(fields, "advertise"),
                text(fields, "nonce"),
                ttl,
                State.valueOf(text(fields, "state").toUpperCase(Locale.ROOT)),
                fields.containsKey("vouched") && bool(fields, "vouched"),
                fields.containsKey("quorum")
                        ? Optional.of(quorum(Json.object(fields.get("quorum"))))
                        : Optional.empty());
    }

    private static Quorum quorum(Map<String, Object> fields) {
        List<Voter> voters = new ArrayList<>();
        for (Object value : Json.array(fields.get("voters"))) {
            Map<String, Object> one = Json.object(value);
            voters.add(new Voter(text(one, "node"), text(one, "advertise")));
        }
        return new Quorum(
                epoch(fields),
                text(fields, "node"),
                text(fields, "advertise"),
                voters,
                Math.toIntExact(number(fields, "acks")),
                bool(fields, "archive"));
    }

    private static long epoch(Map<String, Object> fields) {
        return Long.parseUnsignedLong(text(fields, "epoch"));
    }

    private static String text(Map<String, Object> fields, String name) {
        if (fields.get(name) instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException("'" + name + "' is missing, or no text");
    }

    private static long number(Map<String, Object> fields, String name) {
        if (fields.get(name) instanceof Number number && number.longValue() == number.doubleValue()) {
            return number.longValue();
        }
        throw new IllegalArgumentException("'" + name + "' is missing, or no number");
    }

    private static boolean bool(Map<String, Object> fields, String name) {
        if (fields.get(name) instanceof Boolean bool) {
            return bool;
        }
        throw new IllegalArgumentException("'" + name + "' is missing, or neither true nor false");
    }

    private static IOException damaged(String name, String why, @org.jspecify.annotations.Nullable Exception cause) {
        return new IOException(
                name + ": it is no lease: " + why
                        + "; stop all nodes, and put it right with 'ltxfs lease break --epoch N', N being the highest epoch"
                        + " that 'ltxfs status' showed anywhere",
                cause);
    }
}
