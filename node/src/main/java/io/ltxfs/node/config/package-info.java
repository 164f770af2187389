/** The configuration: the keys of {@code ltxfs.yml}, how they are read, checked and shown. */
@NullMarked
package io.ltxfs.node.config;

import org.jspecify.annotations.NullMarked;
