/**
 * What a file system does and what a transport does for it: callback style, by node id, answered from any thread.
 *
 * <p>A {@link io.ltxfs.fusefs.transport.FileSystem} knows nothing of how requests arrive; a
 * {@link io.ltxfs.fusefs.transport.Transport} knows nothing of what is stored.
 */
@NullMarked
package io.ltxfs.fusefs.transport;

import org.jspecify.annotations.NullMarked;
