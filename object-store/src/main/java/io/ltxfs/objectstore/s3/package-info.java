/** Objects in S3 and what speaks its protocol. */
@NullMarked
package io.ltxfs.objectstore.s3;

import org.jspecify.annotations.NullMarked;
