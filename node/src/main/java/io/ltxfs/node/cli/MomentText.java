package io.ltxfs.node.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Moments as people write them: RFC 3339 with a zone, or {@code 2h ago}. */
public final class MomentText {
    private static final Pattern AGO = Pattern.compile(
            "([0-9]{1,9}) ?(ms|s|sec|seconds?|m|min|minutes?|h|hours?|d|days?) ago", Pattern.CASE_INSENSITIVE);

    private MomentText() {}

    /**
     * Reads a moment.
     *
     * @param option the option that has it, for messages
     * @param now what "ago" counts from
     * @throws CliException with {@link ExitCode#WRONG_USAGE} if it is none, or has no zone
     */
    public static Instant parse(String option, String text, Instant now) {
        String trimmed = text.strip();
        Matcher ago = AGO.matcher(trimmed);
        if (ago.matches()) {
            return now.minus(unit(ago.group(2)).multipliedBy(Long.parseLong(ago.group(1))));
        }
        String iso = trimmed.toUpperCase(Locale.ROOT).replaceFirst("^([0-9-]{10}) ", "$1T");
        try {
            return OffsetDateTime.parse(iso, DateTimeFormatter.ISO_OFFSET_DATE_TIME)
                    .toInstant();
        } catch (DateTimeParseException e) {
            Optional<LocalDateTime> local = local(iso);
            if (local.isPresent()) {
                throw wrong(
                        option,
                        text,
                        "has no zone",
                        "write " + local.get().toInstant(ZoneOffset.UTC)
                                + " if it is UTC, or add an offset as in +02:00");
            }
            throw wrong(
                    option,
                    text,
                    "is not a moment",
                    "write RFC 3339 with a zone, as in 2026-11-21T17:00:00Z, or 2h ago");
        }
    }

    private static Optional<LocalDateTime> local(String iso) {
        for (String form : new String[] {iso, iso + ":00", iso + "T00:00"}) {
            try {
                return Optional.of(LocalDateTime.parse(form));
            } catch (DateTimeException e) {
                // perhaps the next form
            }
        }
        try {
            return Optional.of(LocalDate.parse(iso).atStartOfDay());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static Duration unit(String word) {
        String lower = word.toLowerCase(Locale.ROOT);
        if (lower.equals("ms")) {
            return Duration.ofMillis(1);
        }
        return switch (lower.charAt(0)) {
            case 's' -> Duration.ofSeconds(1);
            case 'm' -> Duration.ofMinutes(1);
            case 'h' -> Duration.ofHours(1);
            default -> Duration.ofDays(1);
        };
    }

    private static CliException wrong(String option, String text, String why, String next) {
        return new CliException(ExitCode.WRONG_USAGE, option + " '" + text + "'", why, next);
    }
}
