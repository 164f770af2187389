package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;

/**
 * What a person wants to know of an S3 store that does not work, or before it is relied on. Reads only.
 *
 * @param level how bad it is
 * @param subject what was looked at
 * @param text what was found, and what to do unless all is well
 */
public record S3Check(Level level, String subject, String text) {
    /** S3 refuses requests whose time differs by 15 minutes; what matters before is the moments of the archive. */
    private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(5);

    private static final Duration SLOW = Duration.ofSeconds(1);

    /** How bad it is. */
    public enum Level {
        /** All is well. */
        OK,
        /** It works, but look at it. */
        WARN,
        /** It cannot be used. */
        FAIL
    }

    /** Asks the server once, and a second time for how long it takes. Ends within the store's timeouts. */
    static List<S3Check> run(S3Url url, S3Requests requests) {
        List<S3Check> found = new ArrayList<>();
        ListObjectsV2Response answer;
        Duration took;
        try {
            ask(url, requests);
            long before = System.nanoTime();
            answer = ask(url, requests);
            took = Duration.ofNanos(System.nanoTime() - before);
            found.add(new S3Check(
                    took.compareTo(SLOW) > 0 ? Level.WARN : Level.OK,
                    "server",
                    url.server() + " (region " + requests.region() + ") answers in " + took.toMillis() + " ms"));
        } catch (StoreException e) {
            found.add(new S3Check(Level.FAIL, "archive", String.valueOf(e.getMessage())));
            return found;
        }
        found.add(new S3Check(Level.OK, "credentials", "access key " + requests.credentialsInUse()));
        found.add(new S3Check(
                Level.OK,
                "bucket",
                url.describe("")
                        + (answer.contents().isEmpty()
                                ? " can be listed, and is empty"
                                : " can be listed, and has objects")));
        answer.sdkHttpResponse()
                .firstMatchingHeader("date")
                .flatMap(S3Check::clock)
                .ifPresent(found::add);
        return found;
    }

    private static ListObjectsV2Response ask(S3Url url, S3Requests requests) throws StoreException {
        return requests.read(
                url.describe(),
                client -> client.listObjectsV2(list -> list.bucket(url.bucket())
                        .prefix(url.base())
                        .maxKeys(1)
                        .overrideConfiguration(requests.timeout(0))));
    }

    private static Optional<S3Check> clock(String date) {
        try {
            Instant server = ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            Duration ahead = Duration.between(server, Instant.now());
            String off =
                    ahead.abs().toSeconds() + " s " + (ahead.isNegative() ? "behind" : "ahead of") + " the server's";
            return Optional.of(
                    ahead.abs().compareTo(CLOCK_TOLERANCE) > 0
                            ? new S3Check(
                                    Level.WARN,
                                    "clock",
                                    "this machine's is " + off
                                            + ": moments of the archive are this machine's, and from 15 minutes on the"
                                            + " server refuses it; set it, for instance with 'timedatectl set-ntp true'")
                            : new S3Check(
                                    Level.OK, "clock", "within " + CLOCK_TOLERANCE.toSeconds() + " s of the server's"));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
