/** Tests of the store in S3. */
@NullMarked
package io.ltxfs.objectstore.s3;

import org.jspecify.annotations.NullMarked;
