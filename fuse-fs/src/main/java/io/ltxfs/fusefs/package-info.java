/** The mount: what programs see, and the transports that speak to the kernel. */
@NullMarked
package io.ltxfs.fusefs;

import org.jspecify.annotations.NullMarked;
