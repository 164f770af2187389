package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.PutOptions.Condition;
import io.ltxfs.objectstore.StoreException.Kind;
import io.ltxfs.objectstore.s3.S3Errors.Action;
import io.ltxfs.objectstore.s3.S3Errors.Request;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkServiceException;

/**
 * Says what an error that the server answered means: by its code where S3 documents one, else by the HTTP status. Answers
 * of 5xx leave open whether the request had its effect; all others say that it had none.
 */
final class Refusal {
    private static final int QUOTED_MAX = 300;

    private final S3Url url;
    private final String region;
    private final Credentials credentials;

    Refusal(S3Url url, String region, Credentials credentials) {
        this.url = url;
        this.region = region;
        this.credentials = credentials;
    }

    Finding find(Request request, SdkServiceException e) {
        Finding byCode = byCode(request, e, code(e));
        return byCode != null ? byCode : byStatus(request, e, e.statusCode());
    }

    private @Nullable Finding byCode(Request request, SdkServiceException e, String code) {
        switch (code) {
            case "NoSuchBucket", "InvalidBucketName":
                return Finding.of(
                        Kind.NO_STORE,
                        "there is no bucket '" + url.bucket() + "' at " + url.server(),
                        "create it, or correct the URL");
            case "NoSuchUpload":
                return Finding.maybeDone(
                        Kind.UNAVAILABLE, "the server has dropped the parts that were put", "it is tried again");
            // The last one is VersityGW's, with 404.
            case "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException", "XAdminUserNotFound":
                return Finding.of(
                        Kind.CREDENTIALS,
                        "the server does not know the access key " + credentials.describe(),
                        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to keys of " + url.server());
            case "SignatureDoesNotMatch":
                return Finding.of(
                        Kind.CREDENTIALS,
                        "the secret does not belong to the access key " + credentials.describe(),
                        "correct AWS_SECRET_ACCESS_KEY; if it is right, something between here and " + url.server()
                                + " changes requests");
            case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired":
                return Finding.of(
                        Kind.CREDENTIALS, "the session token has expired", "log in anew, or set fresh credentials");
            case "InvalidToken", "InvalidTokenId", "InvalidSecurity":
                return Finding.of(
                        Kind.CREDENTIALS,
                        "the session token is not valid",
                        "unset AWS_SESSION_TOKEN, or set the one that belongs to the access key "
                                + credentials.describe());
            case "RequestTimeTooSkewed":
                return Finding.of(
                        Kind.CLOCK_SKEW,
                        "this machine's clock says " + Instant.now().truncatedTo(ChronoUnit.SECONDS) + ", the server's "
                                + header(e, "date").orElse("another time"),
                        "set this machine's clock, for instance with 'timedatectl set-ntp true'");
            case "AuthorizationHeaderMalformed",
                    "IllegalLocationConstraintException",
                    "PermanentRedirect",
                    "TemporaryRedirect":
                return elsewhere(e);
            case "ConditionalRequestConflict", "OperationAborted":
                return conflict();
            case "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "IncompleteBody", "RequestTimeout":
                return Finding.of(
                        Kind.UNAVAILABLE,
                        "the bytes did not reach the server whole (" + code + ")",
                        "it is tried again; if it persists, look at the network");
            case "NotImplemented":
                return notImplemented(request, e);
            default:
                return code.contains("StorageFull") || code.contains("Quota") ? full() : null;
        }
    }

    private Finding byStatus(Request request, SdkServiceException e, int status) {
        switch (status) {
            case 401, 403, 405:
                return denied(request, e);
            case 404:
                return notFound(request, e);
            case 409:
                return conflict();
            case 412:
                return precondition(request);
            case 416:
                return Finding.of(Kind.RANGE, "the object ends before the range begins", "look at its size");
            case 429:
                return Finding.of(Kind.UNAVAILABLE, "the server asks for fewer requests", "it is tried again later");
            case 501:
                return notImplemented(request, e);
            case 507:
                return full();
            default:
                break;
        }
        if (status >= 500) {
            return Finding.maybeDone(
                    Kind.UNAVAILABLE,
                    code(e).equals("SlowDown")
                            ? "the server asks for fewer requests"
                            : "the server failed with " + status + quoted(e),
                    "it is tried again later");
        }
        return status >= 300 && status < 400
                ? elsewhere(e)
                : Finding.of(Kind.PROTOCOL, "the server answered " + status + quoted(e), "look at what it says");
    }

    private static Finding notFound(Request request, SdkServiceException e) {
        if (!code(e).isEmpty() && !code(e).equals("NoSuchKey") && !code(e).equals("NotFound")) {
            // Something else is not there; an object that was to be deleted may well be.
            return Finding.of(Kind.PROTOCOL, "the server answered 404" + quoted(e), "look at what it says");
        }
        return request.condition() instanceof Condition.Matches
                ? Finding.of(
                        Kind.PRECONDITION_FAILED, "the object to replace is not there", "read it to see what is there")
                : Finding.of(Kind.NOT_FOUND, "there is no such object", "list what is there");
    }

    private Finding denied(Request request, SdkServiceException e) {
        boolean reads = request.action() == Action.READ;
        return Finding.of(
                Kind.DENIED,
                "the access key " + credentials.describe() + " may not " + (reads ? "read" : "write") + " here"
                        + quoted(e),
                reads
                        ? "allow it s3:GetObject and s3:ListBucket"
                        : "allow it s3:PutObject and s3:DeleteObject, or use a bucket that can be written");
    }

    static Finding precondition(Request request) {
        return Finding.of(
                Kind.PRECONDITION_FAILED,
                request.condition() instanceof Condition.Absent
                        ? "it is there already"
                        : "it is another object than the one that was meant",
                "read it to see who wrote it");
    }

    private static Finding conflict() {
        return Finding.of(
                Kind.CONFLICT, "another request for the same object was under way", "read it, then try again");
    }

    private static Finding full() {
        return Finding.of(
                Kind.FULL, "the server's storage or quota is used up", "free space there, or raise the quota");
    }

    private static Finding notImplemented(Request request, SdkServiceException e) {
        boolean conditional = request.condition() != null && !(request.condition() instanceof Condition.Always);
        return Finding.of(
                Kind.PROTOCOL,
                "the server does not know " + (conditional ? "conditional puts" : "this request") + quoted(e),
                "use a server that does");
    }

    /** The bucket is in another region, or at another address. */
    private Finding elsewhere(SdkServiceException e) {
        Optional<String> right = header(e, "x-amz-bucket-region").or(() -> expectedRegion(e));
        if (right.isPresent() && !right.get().equals(region)) {
            return Finding.of(
                    Kind.NO_STORE,
                    "the bucket is in region " + right.get() + ", not " + region,
                    "write region=" + right.get() + " in the URL, or set AWS_REGION");
        }
        String to = header(e, "location").map(location -> " to " + location).orElse("");
        return Finding.of(
                Kind.NO_STORE,
                "the server sends requests elsewhere (" + e.statusCode() + to + ")" + quoted(e),
                "correct region, endpoint and path-style in the URL");
    }

    /** From {@code The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'}. */
    private static Optional<String> expectedRegion(SdkServiceException e) {
        String message = said(e);
        int at = message.indexOf("expecting '");
        int end = at < 0 ? -1 : message.indexOf('\'', at + 11);
        return end < 0 ? Optional.empty() : Optional.of(message.substring(at + 11, end));
    }

    private static Optional<String> header(SdkServiceException e, String name) {
        AwsErrorDetails details = details(e);
        return details == null || details.sdkHttpResponse() == null
                ? Optional.empty()
                : details.sdkHttpResponse().firstMatchingHeader(name);
    }

    static String code(SdkServiceException e) {
        AwsErrorDetails details = details(e);
        return details == null || details.errorCode() == null ? "" : details.errorCode();
    }

    private static String said(SdkServiceException e) {
        AwsErrorDetails details = details(e);
        return details == null || details.errorMessage() == null ? "" : details.errorMessage();
    }

    private static @Nullable AwsErrorDetails details(SdkServiceException e) {
        return e instanceof AwsServiceException aws ? aws.awsErrorDetails() : null;
    }

    /** What the server said, in one line. */
    private static String quoted(SdkServiceException e) {
        String text = (code(e) + " " + said(e)).replaceAll("\\p{Cntrl}+", " ").strip();
        return text.isEmpty()
                ? ""
                : " (" + (text.length() > QUOTED_MAX ? text.substring(0, QUOTED_MAX) + "…" : text) + ")";
    }
}
