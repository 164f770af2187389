/** JSON, as little of it as small documents need: records in stores, commands, HTTP. */
@NullMarked
package io.ltxfs.objectstore.json;

import org.jspecify.annotations.NullMarked;
