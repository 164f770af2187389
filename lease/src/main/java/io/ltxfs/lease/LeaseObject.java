package io.ltxfs.lease;

import io.ltxfs.lease.LeaseRecord.State;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The lease object in a store: its JSON, and the requests of a {@link LeaseMachine} carried out on it. */
public final class LeaseObject {
    /** Its key, below the place that {@code lease.url} names. */
    public static final String KEY = "ltxfs-lease.json";

    private static final int FORMAT = 1;
    private static final int BYTES_MAX = 64 * 1024;

    private final ObjectStore store;

    /** The lease object of a store whose own retries are off: they would turn a put that was done into a refusal. */
    public LeaseObject(ObjectStore store) {
        this.store = store;
    }

    /** Carries a request out, and waits for its answer. */
    public LeaseAnswer ask(LeaseRequest request) {
        try {
            if (request instanceof LeaseRequest.Create create) {
                return new LeaseAnswer.Stored(store.put(KEY, body(create.record()), PutOptions.create()));
            }
            if (request instanceof LeaseRequest.Replace replace) {
                return new LeaseAnswer.Stored(
                        store.put(KEY, body(replace.record()), PutOptions.ifMatch(replace.etag())));
            }
            return read();
        } catch (StoreException e) {
            return answer(e);
        } catch (IOException e) {
            return new LeaseAnswer.Unknown(String.valueOf(e.getMessage()));
        }
    }

    private static LeaseAnswer answer(StoreException e) {
        return switch (e.kind()) {
            case NOT_FOUND -> new LeaseAnswer.Missing();
            case PRECONDITION_FAILED -> new LeaseAnswer.Refused();
            default ->
                e.outcomeUnknown()
                        ? new LeaseAnswer.Unknown(String.valueOf(e.getMessage()))
                        : new LeaseAnswer.NotDone(String.valueOf(e.getMessage()));
        };
    }

    private LeaseAnswer read() throws IOException {
        try (ObjectContent content = store.get(KEY)) {
            if (content.length() > BYTES_MAX) {
                throw new IOException(store.describe(KEY) + ": " + content.length() + " bytes are no lease");
            }
            String text = new String(content.readAll(), StandardCharsets.UTF_8);
            return new LeaseAnswer.Found(content.info().etag(), parse(text));
        }
    }

    private static ObjectBody body(LeaseRecord record) {
        return ObjectBody.of(write(record).getBytes(StandardCharsets.UTF_8));
    }

    static String write(LeaseRecord record) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("format", FORMAT);
        fields.put("epoch", Long.toUnsignedString(record.epoch()));
        fields.put("state", record.state().name().toLowerCase(Locale.ROOT));
        fields.put("holder", record.holder());
        fields.put("node", record.node());
        fields.put("advertise", record.advertise());
        fields.put("nonce", record.nonce());
        fields.put("ttlMillis", record.ttlMillis());
        return Json.writePretty(fields);
    }

    private LeaseRecord parse(String text) throws IOException {
        Map<String, Object> fields;
        try {
            fields = Json.readObject(text);
        } catch (IllegalArgumentException e) {
            throw wrong("it is " + e.getMessage());
        }
        String format = text(fields, "format");
        if (!format.equals(Integer.toString(FORMAT))) {
            throw wrong("its format is " + format + ", this version knows " + FORMAT + "; run a newer ltxfs");
        }
        try {
            long ttl = Long.parseLong(text(fields, "ttlMillis"));
            long epoch = Long.parseUnsignedLong(text(fields, "epoch"));
            if (ttl <= 0 || epoch == 0) {
                throw wrong("epoch " + Long.toUnsignedString(epoch) + " and ttlMillis " + ttl + " must be above 0");
            }
            return new LeaseRecord(
                    epoch,
                    text(fields, "holder"),
                    text(fields, "node"),
                    text(fields, "advertise"),
                    text(fields, "nonce"),
                    ttl,
                    State.valueOf(text(fields, "state").toUpperCase(Locale.ROOT)));
        } catch (IllegalArgumentException e) {
            throw wrong("a field is wrong: " + e.getMessage());
        }
    }

    private String text(Map<String, Object> fields, String name) throws IOException {
        Object value = fields.get(name);
        if (value == null) {
            throw wrong("the field '" + name + "' is missing");
        }
        return value.toString();
    }

    private IOException wrong(String why) {
        return new IOException(store.describe(KEY) + ": is no lease: " + why);
    }
}
