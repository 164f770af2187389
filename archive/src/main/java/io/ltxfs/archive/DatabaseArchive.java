package io.ltxfs.archive;

import io.ltxfs.ltx.LtxFileName;
import io.ltxfs.ltx.Txid;
import io.ltxfs.objectstore.ListPage;
import io.ltxfs.objectstore.ObjectInfo;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The archive of one database: where its objects are, and lists of them. Keeps nothing in memory. */
public final class DatabaseArchive {
    private static final Pattern BUNDLE_NAME = Pattern.compile("([0-9a-f]{16})-([0-9a-f]{16})\\.ltxb");

    private final Archive archive;
    private final String name;
    private final String place;

    DatabaseArchive(Archive archive, String name, String place) {
        this.archive = archive;
        this.name = name;
        this.place = place;
    }

    /** The database's name below the mount. */
    public String name() {
        return name;
    }

    /** Where it lies below the store's place. */
    public String place() {
        return place;
    }

    /** The store it is in. */
    public ObjectStore store() {
        return archive.store();
    }

    /** The whole archive. */
    public Archive archive() {
        return archive;
    }

    /** What all its keys begin with. */
    public String prefix() {
        return place.isEmpty() || place.endsWith("/") ? place : place + "/";
    }

    /** The key of an LTX object. */
    public String key(int level, long minTxid, long maxTxid) {
        return levelPrefix(level) + new LtxFileName(minTxid, maxTxid);
    }

    /** What the keys of a level begin with. */
    public String levelPrefix(int level) {
        return prefix() + archive.layout().levelPrefix(level);
    }

    /** The key of a bundle. */
    public String bundleKey(long minTxid, long maxTxid) {
        return String.format("%s%016x-%016x.ltxb", bundlePrefix(), minTxid, maxTxid);
    }

    /** What the keys of bundles begin with. */
    public String bundlePrefix() {
        return prefix() + "bundles/";
    }

    /** The key of the {@link DatabaseRecord}. */
    public String recordKey() {
        return prefix() + "ltxfs.json";
    }

    /**
     * The LTX objects of a level whose {@code minTxid} is at least the given one, in the order of their names. What has
     * no LTX name is passed over.
     */
    public List<LtxObject> list(int level, long fromTxid) throws IOException {
        List<LtxObject> found = new ArrayList<>();
        list(
                levelPrefix(level),
                fromTxid,
                (name, info) -> LtxFileName.parse(name)
                        .filter(file -> isRange(file.minTxid(), file.maxTxid()))
                        .ifPresent(file -> found.add(new LtxObject(
                                level, file.minTxid(), file.maxTxid(), info.key(), info.size(), info.modified()))));
        return found;
    }

    /** The bundles whose {@code minTxid} is at least the given one, in the order of their names. */
    public List<BundleObject> listBundles(long fromTxid) throws IOException {
        List<BundleObject> found = new ArrayList<>();
        list(bundlePrefix(), fromTxid, (name, info) -> {
            Matcher matcher = BUNDLE_NAME.matcher(name);
            if (matcher.matches()) {
                long min = Txid.parse(matcher.group(1));
                long max = Txid.parse(matcher.group(2));
                if (isRange(min, max)) {
                    found.add(new BundleObject(min, max, info.key(), info.size(), info.modified()));
                }
            }
        });
        return found;
    }

    private static boolean isRange(long min, long max) {
        return min != 0 && Txid.compare(min, max) <= 0;
    }

    /** Visits what lies directly below a prefix; deeper objects are none of ours, whatever their names. */
    private void list(String prefix, long fromTxid, BiConsumer<String, ObjectInfo> visitor) throws IOException {
        String after = fromTxid == 0 ? "" : prefix + Txid.format(fromTxid);
        for (boolean more = true; more; ) {
            ListPage page = store().list(prefix, after);
            for (ObjectInfo info : page.objects()) {
                String name = info.key().substring(prefix.length());
                if (name.indexOf('/') < 0) {
                    visitor.accept(name, info);
                }
                after = info.key();
            }
            more = page.more();
            if (more && page.objects().isEmpty()) {
                throw new StoreException(
                        StoreException.Kind.PROTOCOL,
                        store().describe(prefix) + ": the store says that there are more objects, and lists none; try"
                                + " again");
            }
        }
    }
}
