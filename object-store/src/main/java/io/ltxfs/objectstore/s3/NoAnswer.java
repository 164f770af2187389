package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;

/**
 * Says what it means that no answer came, or none that could be read. Only where no connection was made is it certain that
 * the request had no effect.
 */
final class NoAnswer {
    private static final int CAUSES_MAX = 20;

    private final S3Url url;

    NoAnswer(S3Url url) {
        this.url = url;
    }

    Finding find(Throwable e) {
        if (in(e, NoCredentialsException.class) != null) {
            return Finding.of(
                    Kind.CREDENTIALS,
                    "no credentials were found",
                    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them to ~/.aws/credentials");
        }
        if (in(e, AbortedException.class) != null || in(e, InterruptedException.class) != null) {
            Thread.currentThread().interrupt();
            return Finding.maybeDone(Kind.UNAVAILABLE, "the request was broken off", "ask again");
        }
        Finding unconnected = unconnected(e);
        if (unconnected != null) {
            return unconnected;
        }
        if (in(e, ApiCallTimeoutException.class) != null
                || in(e, ApiCallAttemptTimeoutException.class) != null
                || in(e, SocketTimeoutException.class) != null) {
            return Finding.maybeDone(
                    Kind.UNAVAILABLE,
                    "no answer within " + seconds(),
                    "it is tried again; a longer time is set by timeout= in the URL");
        }
        if (in(e, IOException.class) != null) {
            return Finding.maybeDone(Kind.UNAVAILABLE, "the connection broke: " + cause(e), "it is tried again");
        }
        return Finding.maybeDone(
                Kind.PROTOCOL, "the answer could not be used: " + cause(e), "is " + url.server() + " an S3 server?");
    }

    private @Nullable Finding unconnected(Throwable e) {
        UnknownHostException host = in(e, UnknownHostException.class);
        if (host != null) {
            String name = String.valueOf(host.getMessage()).replaceAll(":.*", "");
            return Finding.of(
                    Kind.UNAVAILABLE,
                    "the host " + name + " is not known",
                    "correct endpoint, region and path-style in the URL, or look at the name service");
        }
        if (in(e, ConnectionRequestTimeoutException.class) != null) {
            return Finding.of(
                    Kind.UNAVAILABLE,
                    "all " + S3Clients.CONNECTIONS_MAX + " connections were in use for " + seconds(),
                    "it is tried again");
        }
        if (in(e, ConnectTimeoutException.class) != null) {
            return Finding.of(
                    Kind.UNAVAILABLE,
                    url.server() + " cannot be reached: no answer to connecting",
                    "look at the network, the firewall and the endpoint");
        }
        if (in(e, ConnectException.class) != null || in(e, NoRouteToHostException.class) != null) {
            return Finding.of(
                    Kind.UNAVAILABLE,
                    url.server() + " cannot be reached: " + cause(e),
                    "is the server running, and the endpoint right?");
        }
        if (in(e, SSLHandshakeException.class) != null) {
            return Finding.of(
                    Kind.UNAVAILABLE,
                    "no secure connection to " + url.server() + ": " + cause(e),
                    "let Java trust the server's certificate (-Djavax.net.ssl.trustStore=…), or correct the endpoint");
        }
        if (in(e, SSLException.class) != null && cause(e).contains("SSL message")) {
            return Finding.of(
                    Kind.UNAVAILABLE, url.server() + " does not speak TLS", "write endpoint=http://… if that is meant");
        }
        return null;
    }

    private String seconds() {
        return url.timeout().toMillis() / 1000.0 + " s";
    }

    /** The innermost message: those around it repeat it with what nobody needs. */
    private static String cause(Throwable e) {
        Throwable last = e;
        for (int i = 0; i < CAUSES_MAX && last.getCause() != null; i++) {
            last = last.getCause();
        }
        String message = last.getMessage();
        return message == null ? last.getClass().getSimpleName() : message.replaceAll("\\p{Cntrl}+", " ");
    }

    private static <T extends Throwable> @Nullable T in(Throwable e, Class<T> type) {
        Throwable at = e;
        for (int i = 0; i < CAUSES_MAX && at != null; i++) {
            if (type.isInstance(at)) {
                return type.cast(at);
            }
            at = at.getCause();
        }
        return null;
    }
}
