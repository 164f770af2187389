/** {@code ltxfs certs}: a private set of certificates for a cluster. */
@NullMarked
package io.ltxfs.node.cli.certs;

import org.jspecify.annotations.NullMarked;
