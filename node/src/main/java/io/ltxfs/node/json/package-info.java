/** JSON, as little of it as commands and HTTP need. */
@NullMarked
package io.ltxfs.node.json;

import org.jspecify.annotations.NullMarked;
