package io.ltxfs.objectstore;

import io.ltxfs.objectstore.PutOptions.Condition;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Objects in memory, for tests and simulations. One lock guards all of them. */
public final class MemoryStore implements ObjectStore {
    private static final int PAGE_OBJECTS = 1000;

    private record Stored(ObjectInfo info, byte[] bytes) {}

    private final TreeMap<String, Stored> objects = new TreeMap<>(ObjectKeys.ORDER);
    private final Clock clock;
    private final int pageObjects;

    /** An empty store that takes times from the machine's clock. */
    public MemoryStore() {
        this(Clock.systemUTC(), PAGE_OBJECTS);
    }

    /**
     * An empty store.
     *
     * @param clock where times of modification come from, if a put does not bring its own
     * @param pageObjects how many objects a page of a list has at most
     */
    public MemoryStore(Clock clock, int pageObjects) {
        this.clock = clock;
        this.pageObjects = pageObjects;
    }

    @Override
    public String put(String key, ObjectBody body, PutOptions options) throws StoreException {
        ObjectKeys.check(key);
        byte[] bytes = read(key, body);
        String etag = ContentHash.of(bytes, 0, bytes.length);
        synchronized (objects) {
            checkCondition(key, objects.get(key), options.condition());
            Instant modified = options.modified().orElseGet(clock::instant);
            ObjectInfo info = new ObjectInfo(key, bytes.length, modified, etag, options.metadata());
            objects.put(key, new Stored(info, bytes));
        }
        return etag;
    }

    private byte[] read(String key, ObjectBody body) throws StoreException {
        try (InputStream in = body.open()) {
            byte[] bytes = in.readNBytes(Math.toIntExact(body.size() + 1));
            if (bytes.length != body.size()) {
                throw new StoreException(
                        Kind.SOURCE,
                        describe(key) + ": not " + body.size() + " bytes came, as announced; nothing was stored");
            }
            return bytes;
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            throw new StoreException(
                    Kind.SOURCE,
                    describe(key) + ": the bytes to put cannot be read: " + e.getMessage() + "; nothing was stored",
                    e);
        }
    }

    private void checkCondition(String key, @Nullable Stored there, Condition condition) throws StoreException {
        if (condition instanceof Condition.Absent && there != null) {
            throw new StoreException(Kind.PRECONDITION_FAILED, describe(key) + ": is there already");
        }
        if (condition instanceof Condition.Matches matches
                && (there == null || !there.info().etag().equals(matches.etag()))) {
            throw new StoreException(
                    Kind.PRECONDITION_FAILED,
                    describe(key)
                            + (there == null ? ": is not there any more" : ": has been changed by somebody else"));
        }
    }

    @Override
    public ObjectInfo head(String key) throws StoreException {
        return find(key).info();
    }

    @Override
    public ObjectContent get(String key) throws StoreException {
        Stored stored = find(key);
        return content(stored, new ByteRange(0, stored.bytes().length));
    }

    @Override
    public ObjectContent get(String key, long offset, long length) throws StoreException {
        ByteRange.checkArguments(offset, length);
        Stored stored = find(key);
        return content(stored, ByteRange.of(describe(key), stored.bytes().length, offset, length));
    }

    private static ObjectContent content(Stored stored, ByteRange range) {
        InputStream in = new ByteArrayInputStream(stored.bytes(), (int) range.offset(), (int) range.length());
        return new ObjectContent(stored.info(), range.offset(), range.length(), in);
    }

    private Stored find(String key) throws StoreException {
        ObjectKeys.check(key);
        synchronized (objects) {
            Stored stored = objects.get(key);
            if (stored == null) {
                throw new StoreException(Kind.NOT_FOUND, describe(key) + ": there is no such object");
            }
            return stored;
        }
    }

    @Override
    public ListPage list(String prefix, String startAfter) {
        List<ObjectInfo> found = new ArrayList<>();
        synchronized (objects) {
            boolean past = ObjectKeys.ORDER.compare(startAfter, prefix) >= 0;
            for (Stored stored : objects.tailMap(past ? startAfter : prefix, !past || startAfter.isEmpty())
                    .values()) {
                ObjectInfo info = stored.info();
                if (!info.key().startsWith(prefix)) {
                    break;
                }
                if (found.size() == pageObjects) {
                    return new ListPage(found, true);
                }
                found.add(new ObjectInfo(info.key(), info.size(), info.modified(), info.etag(), Map.of()));
            }
        }
        return new ListPage(found, false);
    }

    @Override
    public List<String> children(String prefix) {
        List<String> names = new ArrayList<>();
        synchronized (objects) {
            String at = prefix;
            for (String key = objects.ceilingKey(at);
                    key != null && key.startsWith(prefix);
                    key = objects.ceilingKey(at)) {
                int slash = key.indexOf('/', prefix.length());
                if (slash < 0) {
                    at = key + '\u0000';
                } else {
                    names.add(key.substring(prefix.length(), slash));
                    // '0' is the character after '/'.
                    at = key.substring(0, slash) + '0';
                }
            }
        }
        names.sort(ObjectKeys.ORDER);
        return names;
    }

    @Override
    public void delete(String key) {
        ObjectKeys.check(key);
        synchronized (objects) {
            objects.remove(key);
        }
    }

    @Override
    public void deleteAll(Collection<String> keys) {
        keys.forEach(this::delete);
    }

    @Override
    public String describe() {
        return "memory:";
    }

    @Override
    public String describe(String key) {
        return describe() + key;
    }

    @Override
    public boolean isLocal() {
        return true;
    }

    @Override
    public void close() {}
}
