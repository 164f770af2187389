package io.ltxfs.node.config;

import io.ltxfs.node.config.ValueType.WrongValue;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The types that keys have. */
final class ValueTypes {
    private static final Pattern DURATION_FORM = Pattern.compile("([0-9]{1,12})(ms|s|m|h|d)");
    private static final Pattern SIZE_FORM = Pattern.compile("([0-9]{1,18})\\s*(B|KiB|MiB|GiB|TiB)?");
    private static final Pattern MODE_FORM = Pattern.compile("(?:0o?)?([0-7]{3,4})");
    private static final Pattern REPLICA_FORM = Pattern.compile("replica:([0-9]{1,3})");
    private static final Pattern ENDPOINT_FORM = Pattern.compile("(\\[[0-9A-Fa-f:.%]+]|[^:\\s\\[\\]]+):([0-9]{1,5})");

    private ValueTypes() {}

    /** Reads a text; the second part of a simple type. */
    private interface TextParser<T> {
        T parse(String text) throws WrongValue;
    }

    private record TextType<T>(TextParser<T> parser, String allowed, Function<T, String> formatter)
            implements ValueType<T> {
        @Override
        public T parse(RawValue raw) throws WrongValue {
            if (!(raw instanceof RawValue.Scalar scalar)) {
                throw new WrongValue("is a " + (raw instanceof RawValue.Items ? "list" : "mapping"));
            }
            return parser.parse(scalar.text());
        }

        @Override
        public String format(T value) {
            return formatter.apply(value);
        }
    }

    static ValueType<String> text(String allowed) {
        return new TextType<>(
                text -> {
                    if (text.isBlank()) {
                        throw new WrongValue("is empty");
                    }
                    return text;
                },
                allowed,
                ValueTypes::quote);
    }

    static ValueType<Optional<String>> optionalText(String allowed) {
        return new TextType<>(
                text -> text.isBlank() ? Optional.empty() : Optional.of(text),
                allowed,
                value -> value.map(ValueTypes::quote).orElse(""));
    }

    /** Where something lies in a store: names with {@code /} between them, those at its ends left out. */
    static ValueType<Optional<String>> place() {
        return new TextType<>(
                text -> {
                    String place = text.replaceAll("^/+|/+$", "");
                    for (String part : place.split("/")) {
                        if (part.equals(".") || part.equals("..") || part.isEmpty() && !place.isEmpty()) {
                            throw new WrongValue("'" + text + "' has a part '" + part + "'");
                        }
                    }
                    return place.isBlank() ? Optional.empty() : Optional.of(place);
                },
                "write a place below archive.url, as in old/app.db",
                value -> value.map(ValueTypes::quote).orElse(""));
    }

    static ValueType<Path> path() {
        return new TextType<>(
                ValueTypes::toPath, "write a directory, as in /var/lib/ltxfs", path -> quote(path.toString()));
    }

    static ValueType<Optional<Path>> optionalPath() {
        return new TextType<>(
                text -> text.isBlank() ? Optional.empty() : Optional.of(toPath(text)),
                "write a file's path, or nothing",
                value -> value.map(path -> quote(path.toString())).orElse(""));
    }

    private static Path toPath(String text) throws WrongValue {
        if (text.isBlank()) {
            throw new WrongValue("is empty");
        }
        String home = HomeDirectory.get().toString();
        String absolute = text.equals("~") ? home : text.startsWith("~/") ? home + text.substring(1) : text;
        try {
            return Path.of(absolute).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new WrongValue("'" + text + "' is not a path");
        }
    }

    static ValueType<Boolean> bool() {
        return new TextType<>(
                text -> switch (text) {
                    case "true" -> true;
                    case "false" -> false;
                    default -> throw new WrongValue("'" + text + "' is neither true nor false");
                },
                "write true or false",
                value -> Boolean.toString(value));
    }

    /** A whole number within bounds. */
    static ValueType<Integer> count(int least, int most) {
        return new TextType<>(
                text -> {
                    if (!text.matches("[0-9]{1,9}")) {
                        throw new WrongValue("'" + text + "' is not a whole number");
                    }
                    int value = Integer.parseInt(text);
                    if (value < least || value > most) {
                        throw new WrongValue("'" + text + "' is not from " + least + " to " + most);
                    }
                    return value;
                },
                "write a whole number from " + least + " to " + most,
                value -> Integer.toString(value));
    }

    static <E extends Enum<E>> ValueType<E> choice(Class<E> type) {
        String allowed =
                Stream.of(type.getEnumConstants()).map(ValueTypes::word).collect(Collectors.joining(", "));
        return new TextType<>(
                text -> {
                    for (E value : type.getEnumConstants()) {
                        if (word(value).equals(text)) {
                            return value;
                        }
                    }
                    throw new WrongValue("'" + text + "' is not known");
                },
                "write one of " + allowed,
                ValueTypes::word);
    }

    /** The word for an enum's value in the configuration: {@code FOO_BAR} is {@code foo-bar}. */
    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** A duration of at least {@code least}. */
    static ValueType<Duration> duration(Duration least) {
        return new TextType<>(
                text -> {
                    Duration value = toDuration(text);
                    if (value.compareTo(least) < 0) {
                        throw new WrongValue("'" + text + "' is less than " + fromDuration(least));
                    }
                    return value;
                },
                "write a number with its unit, as in 500ms 1s 5m 24h 30d",
                ValueTypes::fromDuration);
    }

    static Duration toDuration(String text) throws WrongValue {
        Matcher form = DURATION_FORM.matcher(text);
        if (!form.matches()) {
            throw new WrongValue("'" + text + "' is not a duration");
        }
        long number = Long.parseLong(form.group(1));
        Duration value = switch (form.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
        if (value.compareTo(Duration.ofDays(36_500)) > 0) {
            throw new WrongValue("'" + text + "' is more than a hundred years");
        }
        return value;
    }

    static String fromDuration(Duration value) {
        long millis = value.toMillis();
        if (millis == 0) {
            return "0s";
        }
        if (millis % 1000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1000;
        if (seconds % 86_400 == 0 && seconds > 86_400) {
            return seconds / 86_400 + "d";
        }
        if (seconds % 3600 == 0) {
            return seconds / 3600 + "h";
        }
        return seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    /** Compaction levels: durations that grow. */
    static ValueType<List<Duration>> levels() {
        return new ValueType<>() {
            @Override
            public List<Duration> parse(RawValue raw) throws WrongValue {
                List<Duration> levels = new ArrayList<>();
                for (RawValue item : raw instanceof RawValue.Items items ? items.items() : List.of(raw)) {
                    if (!(item instanceof RawValue.Scalar scalar)) {
                        throw new WrongValue("holds something that is not a duration");
                    }
                    Duration level = toDuration(scalar.text());
                    if (level.isZero() || !levels.isEmpty() && level.compareTo(levels.get(levels.size() - 1)) <= 0) {
                        throw new WrongValue("'" + scalar.text() + "' is not longer than the one before it");
                    }
                    levels.add(level);
                }
                return List.copyOf(levels);
            }

            @Override
            public String allowed() {
                return "write a list of growing durations, as in [30s, 5m, 1h]";
            }

            @Override
            public String format(List<Duration> value) {
                return value.stream().map(ValueTypes::fromDuration).collect(Collectors.joining(", ", "[", "]"));
            }
        };
    }

    /** A number of bytes. */
    static ValueType<Long> size(long least) {
        return new TextType<>(
                text -> {
                    long value = toSize(text);
                    if (value < least) {
                        throw new WrongValue("'" + text + "' is less than " + fromSize(least));
                    }
                    return value;
                },
                "write a size, as in 64KiB 16MiB 1GiB",
                ValueTypes::fromSize);
    }

    private static long toSize(String text) throws WrongValue {
        Matcher form = SIZE_FORM.matcher(text);
        if (!form.matches()) {
            throw new WrongValue("'" + text + "' is not a size");
        }
        String unit = form.group(2) == null ? "B" : form.group(2);
        int shift = switch (unit) {
            case "B" -> 0;
            case "KiB" -> 10;
            case "MiB" -> 20;
            case "GiB" -> 30;
            default -> 40;
        };
        long number = Long.parseLong(form.group(1));
        if (number > Long.MAX_VALUE >> shift) {
            throw new WrongValue("'" + text + "' is more than a file can hold");
        }
        return number << shift;
    }

    private static String fromSize(long bytes) {
        String[] units = {"TiB", "GiB", "MiB", "KiB"};
        for (int i = 0; i < units.length; i++) {
            int shift = 40 - 10 * i;
            if (bytes != 0 && bytes % (1L << shift) == 0) {
                return (bytes >> shift) + units[i];
            }
        }
        return bytes + "B";
    }

    static ValueType<Durability> durability() {
        return new TextType<>(
                text -> {
                    if (text.equals("local")) {
                        return new Durability.Local();
                    }
                    if (text.equals("archive")) {
                        return new Durability.Archive();
                    }
                    Matcher form = REPLICA_FORM.matcher(text);
                    if (form.matches() && Integer.parseInt(form.group(1)) > 0) {
                        return new Durability.Replica(Integer.parseInt(form.group(1)));
                    }
                    throw new WrongValue("'" + text + "' is not known");
                },
                "write one of local, replica:N (N from 1), archive",
                Durability::toString);
    }

    static ValueType<Endpoint> endpoint() {
        return new TextType<>(
                text -> {
                    Matcher form = ENDPOINT_FORM.matcher(text);
                    if (!form.matches() || Integer.parseInt(form.group(2)) > 65_535) {
                        throw new WrongValue("'" + text + "' is not host:port");
                    }
                    String host = form.group(1);
                    boolean bracketed = host.startsWith("[");
                    return new Endpoint(
                            bracketed ? host.substring(1, host.length() - 1) : host, Integer.parseInt(form.group(2)));
                },
                "write host:port, as in 127.0.0.1:20202 ([::1]:20202 for IPv6; port 0 is any free one)",
                endpoint -> quote(endpoint.toString()));
    }

    /** Permission bits in octal. */
    static ValueType<Optional<Integer>> mode() {
        return new TextType<>(
                text -> {
                    if (text.isBlank()) {
                        return Optional.empty();
                    }
                    Matcher form = MODE_FORM.matcher(text);
                    if (!form.matches()) {
                        throw new WrongValue("'" + text + "' is not a file mode");
                    }
                    return Optional.of(Integer.parseInt(form.group(1), 8));
                },
                "write an octal mode, as in 0640, or nothing",
                value -> value.map(mode -> String.format(Locale.ROOT, "%04o", mode))
                        .orElse(""));
    }

    /** Where an archive or a lease is: a word that stands for "none", or a store's URL. */
    static ValueType<StoreUrl> storeUrl(String none) {
        return new TextType<>(
                text -> StoreUrl.parse(text, none),
                "write " + none + ", file:///dir, an absolute path, or s3://bucket/prefix",
                url -> quote(url.isNone() ? none : url.text()));
    }

    /** Quotes a text if YAML would read it as something else. */
    static String quote(String text) {
        boolean plain = text.matches("[A-Za-z0-9/._~][A-Za-z0-9/._~:?&=@%+-]*")
                && !text.endsWith(":")
                && !text.matches("true|false|null|~");
        return plain
                ? text
                : "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }
}
