package io.ltxfs.archive;

/** How the objects of a database are named below its place; Litestream has two ways, by the kind of store. */
public enum ArchiveLayout {
    /** S3: {@code 0000/} for level 0 to {@code 0009/} for snapshots. */
    S3 {
        @Override
        public String levelPrefix(int level) {
            return String.format("%04x/", level);
        }
    },
    /** Directories: {@code ltx/0/} to {@code ltx/9/}. */
    FILES {
        @Override
        public String levelPrefix(int level) {
            return "ltx/" + level + "/";
        }
    };

    /** The level of snapshots. */
    public static final int SNAPSHOT_LEVEL = 9;

    /** What the names of a level's objects begin with, below the database's place. */
    public abstract String levelPrefix(int level);

    /** The layout that Litestream uses for a store's URL. */
    public static ArchiveLayout of(String url) {
        return url.startsWith("s3:") ? S3 : FILES;
    }
}
