/** The transport that speaks the FUSE protocol on {@code /dev/fuse} itself: no native library to install, but privileges. */
@NullMarked
package io.ltxfs.fusefs.kernel;

import org.jspecify.annotations.NullMarked;
