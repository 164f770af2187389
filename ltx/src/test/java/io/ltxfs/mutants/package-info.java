/** Shipped code with rules broken on purpose, for the tests of every module: a simulation must notice each of them. */
@NullMarked
package io.ltxfs.mutants;

import org.jspecify.annotations.NullMarked;
