package io.ltxfs.objectstore.s3;

import software.amazon.awssdk.core.exception.SdkClientException;

/** No credentials were found. */
final class NoCredentialsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NoCredentialsException(SdkClientException cause) {
        super(cause.getMessage(), cause);
    }
}
