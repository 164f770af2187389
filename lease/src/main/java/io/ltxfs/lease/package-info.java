/** The primary's lease: who may commit, under which epoch, and until when. Rules by number are those of {@code docs/lease-rules.md}. */
@NullMarked
package io.ltxfs.lease;

import org.jspecify.annotations.NullMarked;
