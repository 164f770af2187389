/** The checks of {@code ltxfs doctor}: what goes wrong in the field, a line each. */
@NullMarked
package io.ltxfs.node.cli.doctor;

import org.jspecify.annotations.NullMarked;
