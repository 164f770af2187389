/** Traces of a real SQLite on a real mount. */
@NullMarked
package io.ltxfs.integrationtests.record;

import org.jspecify.annotations.NullMarked;
