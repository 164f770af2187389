package io.ltxfs.node.replication;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What all nodes of a cluster know and others do not: an object beside the lease.
 *
 * @param id names the cluster, for people: 16 hexadecimal digits
 * @param secret 64 hexadecimal digits
 */
public record ClusterIdentity(String id, String secret) {
    /** Its key, below the place that {@code lease.url} names. */
    public static final String KEY = "ltxfs-cluster.json";

    private static final String FORMAT = "1";
    private static final int ID_BYTES = 8;
    private static final int SECRET_BYTES = 32;
    private static final int OBJECT_BYTES_MAX = 64 * 1024;

    /** Reads it; the first node of a cluster makes it. */
    public static ClusterIdentity open(ObjectStore store) throws IOException {
        Optional<ClusterIdentity> there = read(store);
        if (there.isPresent()) {
            return there.get();
        }
        ClusterIdentity made = random();
        try {
            store.put(KEY, ObjectBody.of(made.write()), PutOptions.create());
            return made;
        } catch (StoreException e) {
            // Another node may have been first, or this put may have been done without an answer: what is there counts.
            try {
                Optional<ClusterIdentity> first = read(store);
                if (first.isPresent()) {
                    return first.get();
                }
            } catch (IOException unreadable) {
                e.addSuppressed(unreadable);
            }
            throw e;
        }
    }

    /** A new one. */
    public static ClusterIdentity random() {
        SecureRandom random = new SecureRandom();
        return new ClusterIdentity(hex(random, ID_BYTES), hex(random, SECRET_BYTES));
    }

    private static String hex(SecureRandom random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private byte[] write() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("format", FORMAT);
        fields.put("id", id);
        fields.put("secret", secret);
        return Json.writePretty(fields).getBytes(StandardCharsets.UTF_8);
    }

    private static Optional<ClusterIdentity> read(ObjectStore store) throws IOException {
        String text;
        try (ObjectContent content = store.get(KEY)) {
            if (content.length() > OBJECT_BYTES_MAX) {
                throw wrong(store, "it has " + content.length() + " bytes");
            }
            text = new String(content.readAll(), StandardCharsets.UTF_8);
        } catch (StoreException e) {
            if (e.kind() == StoreException.Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
        try {
            Map<String, Object> fields = Json.readObject(text);
            if (!FORMAT.equals(String.valueOf(fields.get("format")))) {
                throw wrong(store, "its format is " + fields.get("format") + ", this version knows " + FORMAT);
            }
            String id = String.valueOf(fields.get("id"));
            String secret = String.valueOf(fields.get("secret"));
            if (HexFormat.of().parseHex(secret).length != SECRET_BYTES
                    || HexFormat.of().parseHex(id).length != ID_BYTES) {
                throw wrong(store, "id or secret have another length");
            }
            return Optional.of(new ClusterIdentity(id, secret));
        } catch (IllegalArgumentException e) {
            throw wrong(store, String.valueOf(e.getMessage()));
        }
    }

    private static IOException wrong(ObjectStore store, String why) {
        return new IOException(store.describe(KEY) + ": is no identity of a cluster: " + why
                + "; put the object back that was there, or run the ltxfs version that wrote it");
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "cluster " + id;
    }
}
