package io.ltxfs.archive;

import io.ltxfs.ltx.LtxFileName;
import io.ltxfs.objectstore.ObjectStore;
import java.io.IOException;
import java.util.List;

/** The archive of one database: where its objects are, and lists of them. Keeps nothing in memory. */
public final class DatabaseArchive {
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

    /** The key of an LTX object. */
    public String key(int level, long minTxid, long maxTxid) {
        return levelPrefix(level) + new LtxFileName(minTxid, maxTxid);
    }

    /** What the keys of a level begin with. */
    public String levelPrefix(int level) {
        return place + "/" + archive.layout().levelPrefix(level);
    }

    /** The key of a bundle. */
    public String bundleKey(long minTxid, long maxTxid) {
        return String.format("%s%016x-%016x.ltxb", bundlePrefix(), minTxid, maxTxid);
    }

    /** What the keys of bundles begin with. */
    public String bundlePrefix() {
        return place + "/bundles/";
    }

    /** The key of the {@link DatabaseRecord}. */
    public String recordKey() {
        return place + "/ltxfs.json";
    }

    /**
     * The LTX objects of a level whose {@code minTxid} is at least the given one, in the order of their names. What has
     * no LTX name is passed over.
     */
    public List<LtxObject> list(int level, long fromTxid) throws IOException {
        throw new UnsupportedOperationException();
    }

    /** The bundles whose {@code minTxid} is at least the given one, in the order of their names. */
    public List<BundleObject> listBundles(long fromTxid) throws IOException {
        throw new UnsupportedOperationException();
    }
}
