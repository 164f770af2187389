/**
 * The mount's directory tree: names, nodes, handles and attributes, and what kind of file each name is. Databases and
 * their side files are passed on to {@code io.ltxfs.database}; everything else is kept in a mirror directory.
 */
@NullMarked
package io.ltxfs.fusefs.tree;

import org.jspecify.annotations.NullMarked;
