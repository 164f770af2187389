package io.ltxfs.fusefs;

/**
 * Owner, group and permission bits that databases show on this node.
 *
 * @param uid of the owner; {@link #KEEP} for the one that came with the database
 * @param gid of the group, or {@link #KEEP}
 * @param mode permission bits, or {@link #KEEP}
 */
public record FileAttributes(int uid, int gid, int mode) {
    /** As it came with the database. */
    public static final int KEEP = -1;

    /** Changes nothing. */
    public static final FileAttributes NONE = new FileAttributes(KEEP, KEEP, KEEP);

    /** The owner to show for one that came. */
    public int uid(int came) {
        return uid == KEEP ? came : uid;
    }

    /** The group to show for one that came. */
    public int gid(int came) {
        return gid == KEEP ? came : gid;
    }

    /** The permission bits to show for those that came. */
    public int mode(int came) {
        return mode == KEEP ? came : mode;
    }
}
