package io.ltxfs.database.posix;

/**
 * One name of a directory, as getdents64(2) lists it; {@code .} and {@code ..} are left out.
 *
 * @param type the type bits of a mode ({@link FileMode#TYPE}), 0 when the file system does not say
 * @param utf8 false if the name's bytes are no UTF-8: {@code name} then has replacement characters and opens nothing
 */
public record DirectoryEntry(String name, long ino, int type, boolean utf8) {}
