package io.ltxfs.database;

/**
 * Owner and permission bits of a file.
 *
 * @param uid owner
 * @param gid group
 * @param mode permission bits
 */
public record FileOwner(int uid, int gid, int mode) {}
