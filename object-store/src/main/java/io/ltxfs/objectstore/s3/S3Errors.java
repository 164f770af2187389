package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.PutOptions.Condition;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkServiceException;
import software.amazon.awssdk.services.s3.model.S3Error;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Says what a failure of the SDK means. */
final class S3Errors {

    /** What a request does to what others see. */
    enum Action {
        /** Nothing. */
        READ,
        /** Nothing yet: a part of an object. */
        PREPARE,
        /** It puts or deletes. */
        WRITE
    }

    /**
     * What was asked.
     *
     * @param place the object or store, as people write it
     * @param condition of a put; null for other requests
     */
    record Request(String place, Action action, @Nullable Condition condition) {}

    private final Refusal refusal;
    private final NoAnswer noAnswer;

    S3Errors(S3Url url, String region, Credentials credentials) {
        this.refusal = new Refusal(url, region, credentials);
        this.noAnswer = new NoAnswer(url);
    }

    StoreException of(Request request, RuntimeException e) {
        Finding finding = e instanceof SdkServiceException answer ? refusal.find(request, answer) : noAnswer.find(e);
        return finding.exception(request, e);
    }

    /** The bytes of an answer did not come. */
    StoreException of(Request request, IOException e) {
        return noAnswer.find(e).exception(request, e);
    }

    /** An answer that lacks what it must have. */
    StoreException lacking(Request request, String what) {
        IOException cause = new IOException("no " + what);
        return Finding.maybeDone(
                        Kind.PROTOCOL,
                        "the server's answer has no " + what,
                        "use a server that sends it, ltxfs cannot work without")
                .exception(request, cause);
    }

    /** Whether the server has no such operation. */
    static boolean isNotImplemented(StoreException e) {
        return e.getCause() instanceof SdkServiceException answer
                && (answer.statusCode() == 501 || Refusal.code(answer).equals("NotImplemented"));
    }

    /** One of many was not deleted. */
    StoreException notDeleted(Request request, S3Error error) {
        AwsErrorDetails details = AwsErrorDetails.builder()
                .errorCode(String.valueOf(error.code()))
                .errorMessage(String.valueOf(error.message()))
                .build();
        int status = switch (details.errorCode()) {
            case "AccessDenied", "MethodNotAllowed" -> 403;
            default -> 500;
        };
        S3Exception answer = (S3Exception) S3Exception.builder()
                .awsErrorDetails(details)
                .statusCode(status)
                .build();
        return of(request, answer);
    }
}
