package io.ltxfs.node.replication;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.ltxfs.replicationproto.Refusal;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateExpiredException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Failures as they go over the network. */
final class Refusals {
    private static final Metadata.Key<byte[]> KEY =
            Metadata.Key.of("ltxfs-refusal-bin", Metadata.BINARY_BYTE_MARSHALLER);

    private Refusals() {}

    /** A failure of this node's, as its peer is to see it. */
    static StatusException toStatus(Throwable failure, PeerHandler handler) {
        if (failure instanceof Refused) {
            return new StatusException(
                    Status.FAILED_PRECONDITION.withDescription(failure.getMessage()), trailers(handler));
        }
        if (failure instanceof StatusException status) {
            return status;
        }
        if (failure instanceof IOException) {
            return new StatusException(
                    Status.ABORTED.withDescription(handler.self().node() + ": " + failure.getMessage()));
        }
        return new StatusException(
                Status.INTERNAL.withDescription(handler.self().node() + " failed: " + failure));
    }

    private static Metadata trailers(PeerHandler handler) {
        Refusal.Builder refusal = Refusal.newBuilder().setPromised(handler.promised());
        handler.primary().ifPresent(primary -> refusal.setPrimary(Messages.member(primary)));
        Metadata trailers = new Metadata();
        trailers.put(KEY, refusal.build().toByteArray());
        return trailers;
    }

    /** A call's failure, as it is to be told here. */
    static IOException toException(String address, Throwable failure) {
        if (failure instanceof StatusException status) {
            return toException(address, status.getStatus(), status.getTrailers());
        }
        if (failure instanceof StatusRuntimeException status) {
            return toException(address, status.getStatus(), status.getTrailers());
        }
        return failure instanceof IOException already ? already : new IOException(address + ": " + failure, failure);
    }

    private static IOException toException(String address, Status status, @Nullable Metadata trailers) {
        String said = status.getDescription();
        Throwable cause = status.getCause();
        String why = said != null ? said : String.valueOf(status.getCode());
        // gRPC adds lines for its own developers.
        why = why.lines().findFirst().orElse(why);
        if (cause != null) {
            why = (why.equals("io exception") ? "" : why + ": ") + root(cause);
        }
        switch (status.getCode()) {
            case FAILED_PRECONDITION -> {
                Refusal refusal = refusal(trailers);
                Optional<Member> primary =
                        refusal.hasPrimary() ? Optional.of(Messages.member(refusal.getPrimary())) : Optional.empty();
                return new Refused(Messages.brief(why), refusal.getPromised(), primary);
            }
            case UNAVAILABLE -> why = "cannot be reached: " + why;
            case DEADLINE_EXCEEDED -> why = "did not answer in time";
            default -> {
                // It says enough.
            }
        }
        return new IOException(address + ": " + why, cause);
    }

    /** What is behind a failure: of a certificate, for instance, only the innermost says what is wrong with it. */
    private static String root(Throwable failure) {
        Throwable innermost = failure;
        for (Throwable next = failure.getCause(); next != null && next != innermost; next = next.getCause()) {
            innermost = next;
        }
        String message = innermost.getMessage();
        String text = message == null ? innermost.getClass().getSimpleName() : message;
        if (innermost instanceof CertificateExpiredException) {
            text = "it has expired, " + text;
        }
        return innermost instanceof GeneralSecurityException
                ? "the certificate is not accepted: " + text
                        + "; 'ltxfs certs' makes one, check replication.tls on both" + " nodes"
                : text;
    }

    private static Refusal refusal(@Nullable Metadata trailers) {
        byte[] bytes = trailers == null ? null : trailers.get(KEY);
        try {
            return bytes == null ? Refusal.getDefaultInstance() : Refusal.parseFrom(bytes);
        } catch (InvalidProtocolBufferException e) {
            return Refusal.getDefaultInstance();
        }
    }
}
