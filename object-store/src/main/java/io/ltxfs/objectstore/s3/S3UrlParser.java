package io.ltxfs.objectstore.s3;

import io.ltxfs.objectstore.s3.S3Url.Checksums;
import io.ltxfs.objectstore.s3.S3Url.Encryption;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads an {@link S3Url}. What it does not know it refuses: a misspelt parameter must not become a default. */
final class S3UrlParser {
    private static final String SCHEME = "s3://";
    private static final String HEADER = "header.";
    private static final List<String> PARAMETERS = List.of(
            "endpoint",
            "region",
            "path-style",
            "checksums",
            "etag-quotes",
            "sse",
            "sse-kms-key-id",
            "storage-class",
            "part-size",
            HEADER + "NAME",
            "timeout");
    private static final String KNOWN = String.join(", ", PARAMETERS);

    /** What other tools call them, without case, dashes and underscores. */
    private static final Map<String, String> OTHER_NAMES = Map.of(
            "forcepathstyle", "path-style",
            "usepathstyle", "path-style",
            "url", "endpoint",
            "endpointurl", "endpoint",
            "kmskeyid", "sse-kms-key-id",
            "ssekmskeyid", "sse-kms-key-id",
            "serversideencryption", "sse",
            "chunksize", "part-size");

    private static final Set<String> SECRETS = Set.of(
            "accesskeyid", "accesskey", "secretaccesskey", "secretkey", "secret", "sessiontoken", "user", "password");

    /** Set by the requests themselves. */
    private static final Set<String> RESERVED_HEADERS = Set.of(
            "host",
            "authorization",
            "connection",
            "content-encoding",
            "content-length",
            "content-md5",
            "expect",
            "if-match",
            "if-none-match",
            "range",
            "transfer-encoding",
            "x-amz-content-sha256",
            "x-amz-date",
            "x-amz-security-token",
            "x-amz-server-side-encryption",
            "x-amz-server-side-encryption-aws-kms-key-id",
            "x-amz-storage-class");

    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
    private static final Pattern HEADER_NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");
    private static final Pattern PRINTABLE = Pattern.compile("[ -~]*");
    private static final Pattern REGION = Pattern.compile("[A-Za-z0-9-]{1,64}");
    private static final Pattern STORAGE_CLASS = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final Pattern NUMBER = Pattern.compile("([0-9]{1,15})([A-Za-z]*)");

    private static final long MIB = 1 << 20;
    private static final long PART_BYTES_MIN = 5 * MIB;
    private static final long PART_BYTES_MAX = 5 * 1024 * MIB;
    private static final long PART_BYTES = 16 * MIB;
    private static final Duration TIMEOUT_MIN = Duration.ofMillis(100);
    private static final Duration TIMEOUT_MAX = Duration.ofMinutes(10);
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final String url;
    /** Without the parameters, which may hold what nobody else should read. */
    private final String shown;

    private final Map<String, String> parameters = new LinkedHashMap<>();
    private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    S3UrlParser(String url) {
        this.url = url;
        int query = url.indexOf('?');
        String place = query < 0 ? url : url.substring(0, query);
        int user = place.indexOf('@');
        this.shown = user < 0 ? place : SCHEME + "…" + place.substring(user);
    }

    S3Url parse() {
        if (!url.startsWith(SCHEME)) {
            throw wrong("it must begin with " + SCHEME);
        }
        int query = url.indexOf('?');
        String place = url.substring(SCHEME.length(), query < 0 ? url.length() : query);
        int slash = place.indexOf('/');
        String bucket = slash < 0 ? place : place.substring(0, slash);
        if (bucket.indexOf('@') >= 0) {
            throw wrong("credentials do not belong into a URL; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
        }
        if (!BUCKET.matcher(bucket).matches()) {
            throw wrong("'" + bucket
                    + "' is not a bucket's name: 3 to 63 of a-z, 0-9, '-' and '.', as in s3://my-bucket/path");
        }
        String prefix = prefix(slash < 0 ? "" : place.substring(slash + 1));
        if (query >= 0) {
            readParameters(url.substring(query + 1));
        }
        Optional<URI> endpoint = text("endpoint").map(this::endpoint);
        Optional<Encryption> encryption =
                text("sse").map(value -> choice("sse", value, Encryption.values(), one -> one.word));
        Optional<String> kmsKeyId = text("sse-kms-key-id").map(value -> printable("sse-kms-key-id", value));
        if (kmsKeyId.isPresent() && !encryption.equals(Optional.of(Encryption.KMS))) {
            throw wrong("sse-kms-key-id goes with sse=aws:kms only");
        }
        return new S3Url(
                bucket,
                prefix,
                endpoint,
                text("region").map(value -> matching("region", value, REGION, "a name such as eu-west-1")),
                text("path-style")
                        .map(value -> bool("path-style", value))
                        .orElse(endpoint.isPresent() || bucket.indexOf('.') >= 0),
                text("checksums")
                        .map(value -> choice("checksums", value, Checksums.values(), one -> one.word))
                        .orElse(Checksums.WHEN_REQUIRED),
                text("etag-quotes").map(value -> bool("etag-quotes", value)).orElse(true),
                encryption,
                kmsKeyId,
                text("storage-class")
                        .map(value -> matching("storage-class", value, STORAGE_CLASS, "a name such as STANDARD_IA")),
                text("part-size").map(this::partSize).orElse(PART_BYTES),
                headers,
                text("timeout").map(this::timeout).orElse(TIMEOUT));
    }

    private String prefix(String coded) {
        String decoded = decode("the path", coded.endsWith("/") ? coded.substring(0, coded.length() - 1) : coded);
        if (coded.indexOf('#') >= 0) {
            throw wrong("write # in a path as %23");
        }
        if (!decoded.isEmpty()) {
            for (String part : decoded.split("/", -1)) {
                if (part.isEmpty() || part.equals(".") || part.equals("..")) {
                    throw wrong("no part of the path may be empty, '.' or '..'");
                }
            }
        }
        return decoded;
    }

    private void readParameters(String query) {
        for (String pair : query.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            String name = decode("a parameter's name", equals < 0 ? pair : pair.substring(0, equals));
            if (!name.startsWith(HEADER) && !PARAMETERS.contains(name)) {
                throw unknown(name);
            }
            if (equals < 0 || equals == pair.length() - 1) {
                throw wrong(name + " has no value; write " + name + "=…");
            }
            String value = decode(name, pair.substring(equals + 1));
            if (name.startsWith(HEADER)) {
                readHeader(name.substring(HEADER.length()), printable(name, value));
            } else if (parameters.put(name, value) != null) {
                throw wrong(name + " is given twice");
            }
        }
    }

    private void readHeader(String name, String value) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (!HEADER_NAME.matcher(name).matches()) {
            throw wrong("'" + name + "' is not a header's name");
        }
        if (RESERVED_HEADERS.contains(lower) || lower.startsWith("x-amz-meta-")) {
            throw wrong("the header " + name + " is set by ltxfs itself");
        }
        if (headers.put(name, value) != null) {
            throw wrong("the header " + name + " is given twice");
        }
    }

    private Optional<String> text(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    private URI endpoint(String value) {
        try {
            URI uri = new URI(value);
            String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
            if (uri.getRawUserInfo() != null) {
                throw wrong(
                        "credentials do not belong into the endpoint; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
            }
            if ((scheme.equals("http") || scheme.equals("https"))
                    && uri.getHost() != null
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // Said below.
        }
        throw wrong("endpoint must be http://HOST[:PORT] or https://HOST[:PORT], not '" + value + "'");
    }

    private long partSize(String value) {
        Matcher matcher = NUMBER.matcher(value);
        if (matcher.matches()) {
            int shift = switch (matcher.group(2)) {
                case "", "B" -> 0;
                case "KiB" -> 10;
                case "MiB" -> 20;
                case "GiB" -> 30;
                default -> -1;
            };
            long number = Long.parseLong(matcher.group(1));
            if (shift >= 0 && number <= PART_BYTES_MAX >> shift && number << shift >= PART_BYTES_MIN) {
                return number << shift;
            }
        }
        throw wrong("part-size must be between 5MiB and 5GiB, as in 16MiB, not '" + value + "'");
    }

    private Duration timeout(String value) {
        Matcher matcher = NUMBER.matcher(value);
        if (matcher.matches()) {
            long unitMillis = switch (matcher.group(2)) {
                case "ms" -> 1;
                case "s" -> 1_000;
                case "m" -> 60_000;
                default -> 0;
            };
            long number = Long.parseLong(matcher.group(1));
            if (unitMillis > 0
                    && number <= TIMEOUT_MAX.toMillis() / unitMillis
                    && number * unitMillis >= TIMEOUT_MIN.toMillis()) {
                return Duration.ofMillis(number * unitMillis);
            }
        }
        throw wrong("timeout must be between 100ms and 10m, as in 30s, not '" + value + "'");
    }

    private boolean bool(String name, String value) {
        if (value.equals("true") || value.equals("false")) {
            return value.equals("true");
        }
        throw wrong(name + " must be true or false, not '" + value + "'");
    }

    private <T> T choice(String name, String value, T[] values, Function<T, String> word) {
        for (T one : values) {
            if (word.apply(one).equals(value)) {
                return one;
            }
        }
        throw wrong(name + " must be "
                + String.join(" or ", Arrays.stream(values).map(word).toList()) + ", not '" + value + "'");
    }

    private String matching(String name, String value, Pattern pattern, String what) {
        if (!pattern.matcher(value).matches()) {
            throw wrong(name + " must be " + what + ", not '" + value + "'");
        }
        return value;
    }

    private String printable(String name, String value) {
        if (!PRINTABLE.matcher(value).matches()) {
            throw wrong(name + " must be printable ASCII");
        }
        return value;
    }

    private String decode(String what, String coded) {
        if (coded.indexOf('%') < 0) {
            return coded;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] raw = coded.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < raw.length; i++) {
            if (raw[i] == '%') {
                int high = i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
                int low = i + 2 < raw.length ? Character.digit(raw[i + 2], 16) : -1;
                if (high < 0 || low < 0) {
                    throw wrong(what + " has a '%' that is not followed by two hexadecimal digits; write % as %25");
                }
                bytes.write(high << 4 | low);
                i += 2;
            } else {
                bytes.write(raw[i]);
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw wrong(what + " is not percent-coded UTF-8");
        }
    }

    private IllegalArgumentException unknown(String name) {
        String plain = name.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
        if (SECRETS.contains(plain)) {
            return wrong(
                    "there is no parameter '" + name
                            + "': credentials are taken from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ~/.aws, or the machine's role");
        }
        String nearest = Optional.ofNullable(OTHER_NAMES.get(plain))
                .orElseGet(() -> PARAMETERS.stream()
                        .min(Comparator.comparingInt(known -> distance(plain, known.replace("-", ""))))
                        .orElseThrow());
        return wrong("there is no parameter '" + name + "'; did you mean " + nearest + "? (known: " + KNOWN + ")");
    }

    /** How many letters must be put in, taken out or exchanged. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int exchanged = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(exchanged, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }

    private IllegalArgumentException wrong(String why) {
        return new IllegalArgumentException("'" + shown + "': " + why);
    }
}
