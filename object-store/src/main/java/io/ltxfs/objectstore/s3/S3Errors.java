package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.PutOptions.Condition;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkServiceException;
import software.amazon.awssdk.services.s3.model.S3Error;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Says what a failure of the SDK means. A request that writes has an unknown outcome unless the server has refused it or
 * no byte of it was sent.
 */
final class S3Errors {

    /**
     * What was asked.
     *
     * @param place the object or store, as people write it
     * @param writes whether it puts or deletes
     * @param condition of the put; null for other requests
     */
    record Request(String place, boolean writes, @Nullable Condition condition) {}

    private final S3Url url;
    private final String region;
    private final Credentials credentials;

    S3Errors(S3Url url, String region, Credentials credentials) {
        this.url = url;
        this.region = region;
        this.credentials = credentials;
    }

    StoreException of(Request request, RuntimeException e) {
        return e instanceof SdkServiceException answer ? refused(request, answer) : failed(request, e);
    }

    /** The bytes of an answer did not come. */
    StoreException of(Request request, IOException e) {
        return failed(request, e);
    }

    /** The server answered. */
    private StoreException refused(Request request, SdkServiceException e) {
        int status = e.statusCode();
        String code = code(e);
        switch (code) {
            case "NoSuchBucket", "InvalidBucketName":
                return error(
                        request,
                        Kind.NO_STORE,
                        e,
                        "there is no bucket '" + url.bucket() + "' at " + url.server(),
                        "create it, or correct the URL");
            case "NoSuchUpload":
                return unknown(
                        request,
                        Kind.UNAVAILABLE,
                        e,
                        "the server has dropped the parts that were put",
                        "it is tried again");
            case "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException":
                return error(
                        request,
                        Kind.CREDENTIALS,
                        e,
                        "the server does not know the access key " + credentials.describe(),
                        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to keys of " + url.server());
            case "SignatureDoesNotMatch":
                return error(
                        request,
                        Kind.CREDENTIALS,
                        e,
                        "the secret does not belong to the access key " + credentials.describe(),
                        "correct AWS_SECRET_ACCESS_KEY; if it is right, something between here and " + url.server()
                                + " changes requests");
            case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired":
                return error(
                        request,
                        Kind.CREDENTIALS,
                        e,
                        "the session token has expired",
                        "log in anew, or set fresh credentials");
            case "InvalidToken", "InvalidSecurity":
                return error(
                        request,
                        Kind.CREDENTIALS,
                        e,
                        "the session token is not valid",
                        "unset AWS_SESSION_TOKEN, or set the one that belongs to the access key "
                                + credentials.describe());
            case "RequestTimeTooSkewed":
                return error(
                        request,
                        Kind.CLOCK_SKEW,
                        e,
                        "this machine's clock says " + Instant.now().truncatedTo(ChronoUnit.SECONDS) + ", the server's "
                                + serverTime(e),
                        "set this machine's clock, for instance with 'timedatectl set-ntp true'");
            case "AuthorizationHeaderMalformed",
                    "IllegalLocationConstraintException",
                    "PermanentRedirect",
                    "TemporaryRedirect":
                return elsewhere(request, e);
            case "ConditionalRequestConflict", "OperationAborted":
                return error(
                        request,
                        Kind.CONFLICT,
                        e,
                        "another put of the same object was under way",
                        "read it, then try again");
            case "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "IncompleteBody", "RequestTimeout":
                return error(
                        request,
                        Kind.UNAVAILABLE,
                        e,
                        "the bytes did not reach the server whole (" + code + ")",
                        "it is tried again; if it persists, look at the network");
            case "NotImplemented":
                return error(
                        request,
                        Kind.PROTOCOL,
                        e,
                        "the server does not know how to do this"
                                + (conditional(request) ? " (a conditional put)" : ""),
                        "use a server that does" + quoted(e));
            default:
                break;
        }
        if (code.contains("StorageFull") || code.contains("Quota") || status == 507) {
            return error(
                    request,
                    Kind.FULL,
                    e,
                    "the server's storage or quota is used up",
                    "free space there, or raise the quota");
        }
        if (status == 412) {
            return error(
                    request,
                    Kind.PRECONDITION_FAILED,
                    e,
                    request.condition() instanceof Condition.Matches
                            ? "it is another object than the one to replace"
                            : "it is there already",
                    "read it to see who wrote it");
        }
        if (status == 409) {
            return error(
                    request,
                    Kind.CONFLICT,
                    e,
                    "another request for the same object was under way",
                    "read it, then try again");
        }
        if (status == 404) {
            return request.condition() instanceof Condition.Matches
                    ? error(
                            request,
                            Kind.PRECONDITION_FAILED,
                            e,
                            "the object to replace is not there",
                            "read it to see what is there")
                    : error(request, Kind.NOT_FOUND, e, "there is no such object", "list what is there");
        }
        if (status == 416) {
            return error(request, Kind.RANGE, e, "the object ends before the range begins", "look at its size");
        }
        if (status == 401 || status == 403 || status == 405) {
            return error(
                    request,
                    Kind.DENIED,
                    e,
                    "the access key " + credentials.describe() + " may not " + (request.writes() ? "write" : "read")
                            + " here" + quoted(e),
                    request.writes()
                            ? "allow it s3:PutObject and s3:DeleteObject, or use a bucket that can be written"
                            : "allow it s3:GetObject and s3:ListBucket");
        }
        if (status >= 300 && status < 400) {
            return elsewhere(request, e);
        }
        if (status == 429 || code.equals("SlowDown")) {
            // 503 SlowDown may come after the effect as any 5xx.
            String why = "the server asks for fewer requests";
            return status == 429
                    ? error(request, Kind.UNAVAILABLE, e, why, "it is tried again later")
                    : unknown(request, Kind.UNAVAILABLE, e, why, "it is tried again later");
        }
        if (status >= 500) {
            return unknown(
                    request,
                    Kind.UNAVAILABLE,
                    e,
                    "the server failed with " + status + quoted(e),
                    "it is tried again later");
        }
        return error(request, Kind.PROTOCOL, e, "the server answered " + status + quoted(e), "look at what it says");
    }

    /** The bucket is in another region, or at another address. */
    private StoreException elsewhere(Request request, SdkServiceException e) {
        Optional<String> right = header(e, "x-amz-bucket-region").or(() -> expectedRegion(e));
        String status = String.valueOf(e.statusCode());
        if (right.isPresent() && !right.get().equals(region)) {
            return error(
                    request,
                    Kind.NO_STORE,
                    e,
                    "the bucket is in region " + right.get() + ", not " + region,
                    "write region=" + right.get() + " in the URL, or set AWS_REGION");
        }
        String to = header(e, "location").map(location -> " to " + location).orElse("");
        return error(
                request,
                Kind.NO_STORE,
                e,
                "the server sends requests elsewhere (" + status + to + ")" + quoted(e),
                "correct region, endpoint and path-style in the URL");
    }

    /** {@code The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'}. */
    private static Optional<String> expectedRegion(SdkServiceException e) {
        String message = said(e);
        int at = message.indexOf("expecting '");
        int end = at < 0 ? -1 : message.indexOf('\'', at + 11);
        return end < 0 ? Optional.empty() : Optional.of(message.substring(at + 11, end));
    }

    /** No answer came, or none that could be read. */
    private StoreException failed(Request request, Throwable e) {
        if (find(e, NoCredentialsException.class) != null) {
            return error(
                    request,
                    Kind.CREDENTIALS,
                    e,
                    "no credentials were found",
                    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them to ~/.aws/credentials");
        }
        if (find(e, AbortedException.class) != null || find(e, InterruptedException.class) != null) {
            Thread.currentThread().interrupt();
            return unknown(request, Kind.UNAVAILABLE, e, "the request was broken off", "ask again");
        }
        UnknownHostException host = find(e, UnknownHostException.class);
        if (host != null) {
            String name = String.valueOf(host.getMessage()).replaceAll(":.*", "");
            return error(
                    request,
                    Kind.UNAVAILABLE,
                    e,
                    "the host " + name + " is not known",
                    "correct endpoint, region and path-style in the URL, or look at the name service");
        }
        if (find(e, ConnectionRequestTimeoutException.class) != null) {
            return error(
                    request,
                    Kind.UNAVAILABLE,
                    e,
                    "all " + S3Clients.CONNECTIONS_MAX + " connections were in use for " + seconds(),
                    "it is tried again");
        }
        if (find(e, ConnectTimeoutException.class) != null) {
            return error(
                    request,
                    Kind.UNAVAILABLE,
                    e,
                    url.server() + " cannot be reached: no answer to connecting",
                    "look at the network, the firewall and the endpoint");
        }
        if (find(e, ConnectException.class) != null || find(e, NoRouteToHostException.class) != null) {
            return error(
                    request,
                    Kind.UNAVAILABLE,
                    e,
                    url.server() + " cannot be reached: " + cause(e),
                    "is the server running, and the endpoint right?");
        }
        if (find(e, SSLHandshakeException.class) != null) {
            return error(
                    request,
                    Kind.UNAVAILABLE,
                    e,
                    "no secure connection to " + url.server() + ": " + cause(e),
                    "let Java trust the server's certificate (-Djavax.net.ssl.trustStore=…), or correct the endpoint");
        }
        if (find(e, SSLException.class) != null && String.valueOf(cause(e)).contains("SSL message")) {
            return error(
                    request,
                    Kind.UNAVAILABLE,
                    e,
                    url.server() + " does not speak TLS",
                    "write endpoint=http://… if that is meant");
        }
        if (find(e, ApiCallTimeoutException.class) != null
                || find(e, ApiCallAttemptTimeoutException.class) != null
                || find(e, SocketTimeoutException.class) != null) {
            return unknown(
                    request,
                    Kind.UNAVAILABLE,
                    e,
                    "no answer within " + seconds(),
                    "it is tried again; a longer time is set by timeout= in the URL");
        }
        if (find(e, IOException.class) != null) {
            return unknown(request, Kind.UNAVAILABLE, e, "the connection broke: " + cause(e), "it is tried again");
        }
        return unknown(
                request,
                Kind.PROTOCOL,
                e,
                "the answer could not be used: " + cause(e),
                "is " + url.server() + " an S3 server?");
    }

    /** An answer that lacks what it must have. */
    StoreException lacking(Request request, String what) {
        return new StoreException(
                Kind.PROTOCOL,
                request.writes(),
                request.place() + ": the server's answer has no " + what
                        + "; use a server that sends it, ltxfs cannot work without",
                new IOException("no " + what));
    }

    /** Whether the server has no such operation. */
    static boolean isNotImplemented(StoreException e) {
        return e.getCause() instanceof SdkServiceException answer
                && (answer.statusCode() == 501 || code(answer).equals("NotImplemented"));
    }

    /** One of many was not deleted. */
    StoreException notDeleted(Request request, S3Error error) {
        AwsErrorDetails details = AwsErrorDetails.builder()
                .errorCode(String.valueOf(error.code()))
                .errorMessage(String.valueOf(error.message()))
                .build();
        int status = switch (details.errorCode()) {
            case "AccessDenied", "MethodNotAllowed" -> 403;
            case "SlowDown", "ServiceUnavailable" -> 503;
            default -> 500;
        };
        return refused(request, (SdkServiceException) S3Exception.builder()
                .awsErrorDetails(details)
                .statusCode(status)
                .build());
    }

    private static StoreException error(Request request, Kind kind, Throwable cause, String why, String next) {
        return new StoreException(kind, false, request.place() + ": " + why + "; " + next, cause);
    }

    private static StoreException unknown(Request request, Kind kind, Throwable cause, String why, String next) {
        return new StoreException(kind, request.writes(), request.place() + ": " + why + "; " + next, cause);
    }

    private static boolean conditional(Request request) {
        return request.condition() != null && !(request.condition() instanceof Condition.Always);
    }

    private String seconds() {
        return url.timeout().toMillis() / 1000.0 + " s";
    }

    private static String serverTime(SdkServiceException e) {
        return header(e, "date").orElse("another time");
    }

    private static Optional<String> header(SdkServiceException e, String name) {
        return e instanceof AwsServiceException aws
                        && aws.awsErrorDetails() != null
                        && aws.awsErrorDetails().sdkHttpResponse() != null
                ? aws.awsErrorDetails().sdkHttpResponse().firstMatchingHeader(name)
                : Optional.empty();
    }

    private static String code(SdkServiceException e) {
        AwsErrorDetails details = e instanceof AwsServiceException aws ? aws.awsErrorDetails() : null;
        return details == null || details.errorCode() == null ? "" : details.errorCode();
    }

    private static String said(SdkServiceException e) {
        AwsErrorDetails details = e instanceof AwsServiceException aws ? aws.awsErrorDetails() : null;
        return details == null || details.errorMessage() == null ? "" : details.errorMessage();
    }

    /** What the server said, in one line. */
    private static String quoted(SdkServiceException e) {
        String text = (code(e) + " " + said(e)).replaceAll("\\p{Cntrl}+", " ").strip();
        return text.isEmpty() ? "" : " (" + (text.length() > 300 ? text.substring(0, 300) + "…" : text) + ")";
    }

    /** The innermost message: the SDK's own repeat it with what nobody needs. */
    private static String cause(Throwable e) {
        Throwable last = e;
        for (int i = 0; i < 20 && last.getCause() != null; i++) {
            last = last.getCause();
        }
        String message = last.getMessage();
        return message == null
                ? last.getClass().getSimpleName().toLowerCase(Locale.ROOT)
                : message.replaceAll("\\p{Cntrl}+", " ");
    }

    private static <T extends Throwable> @Nullable T find(Throwable e, Class<T> type) {
        Throwable at = e;
        for (int i = 0; i < 20 && at != null; i++) {
            if (type.isInstance(at)) {
                return type.cast(at);
            }
            at = at.getCause();
        }
        return null;
    }
}
