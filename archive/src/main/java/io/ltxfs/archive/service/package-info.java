/** The archive of a running node: what uploads, compacts and prunes, behind one front. */
@NullMarked
package io.ltxfs.archive.service;

import org.jspecify.annotations.NullMarked;
