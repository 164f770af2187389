/** Whole nodes on real mounts, driven as a user drives them: by files, the command line and HTTP. */
@NullMarked
package io.ltxfs.integrationtests;

import org.jspecify.annotations.NullMarked;
