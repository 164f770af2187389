package io.ltxfs.node.config;

import io.ltxfs.node.config.ValueType.WrongValue;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Makes a {@link LtxfsConfig} from a file, the command line's settings and the defaults, in that order of growing
 * weight from the right. Everything wrong ends in a {@link ConfigException} that names the place.
 */
public final class ConfigLoader {
    private final ConfigRequest request;
    private final EnvironmentText environment;
    private final KeyTree tree;

    private ConfigLoader(ConfigRequest request) {
        this.request = request;
        this.environment = new EnvironmentText(request.environment());
        Stream<String> names = Keys.ALL.stream().map(ConfigKey::name);
        this.tree = new KeyTree(Stream.concat(names, Stream.of(Keys.DATABASES)).toList());
    }

    /**
     * Loads a configuration.
     *
     * @throws ConfigException if a file is missing, a key is unknown or a value is not allowed
     */
    public static LoadedConfig load(ConfigRequest request) {
        return new ConfigLoader(request).load();
    }

    private LoadedConfig load() {
        Optional<Path> file = request.file()
                .or(() -> request.usualPlaces().stream()
                        .filter(Files::isRegularFile)
                        .findFirst());
        file.ifPresent(this::readFile);
        for (String setting : request.settings()) {
            readSetting(setting);
        }
        LtxfsConfig config = build();
        ConfigRules.check(config, tree);
        return new LoadedConfig(
                config, file, ConfigRules.notices(config, tree), ConfigWriter.toYaml(this::valueText, config));
    }

    private void readFile(Path file) {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new ConfigException(file + ": no such file; name an existing one with -c");
        } catch (MalformedInputException e) {
            throw new ConfigException(file + ": is not UTF-8 text; name a YAML file with -c");
        } catch (IOException e) {
            throw new ConfigException(file + ": cannot be read (" + e.getMessage() + "); check its permissions");
        }
        RawValue document = YamlReader.readFile(text, file.toString()).orElse(null);
        if (document == null) {
            return;
        }
        if (!(document instanceof RawValue.Section section)) {
            throw new ConfigException(file + ": is not a mapping; write one key: value a line");
        }
        tree.putSection((RawValue.Section) environment.expand(section));
    }

    private void readSetting(String setting) {
        int equals = setting.indexOf('=');
        if (equals <= 0) {
            throw new ConfigException("--set " + setting + ": has no value; write --set KEY=VALUE");
        }
        String name = setting.substring(0, equals);
        RawValue value = YamlReader.readValue(setting.substring(equals + 1), "--set " + name);
        tree.put(name, "--set", environment.expand(value));
    }

    private LtxfsConfig build() {
        return new LtxfsConfig(
                value(Keys.MOUNT),
                value(Keys.DATA),
                new LtxfsConfig.Node(value(Keys.NODE_ID), value(Keys.NODE_ADVERTISE)),
                new LtxfsConfig.Archive(
                        value(Keys.ARCHIVE_URL),
                        value(Keys.ARCHIVE_SYNC),
                        value(Keys.ARCHIVE_LEVELS),
                        value(Keys.ARCHIVE_HISTORY),
                        value(Keys.SNAPSHOTS_EVERY),
                        value(Keys.SNAPSHOTS_KEEP),
                        value(Keys.PAGE_CODING),
                        value(Keys.LOG_FULL),
                        value(Keys.UPLOADS)),
                new LtxfsConfig.Lease(value(Keys.LEASE_URL), value(Keys.LEASE_TTL)),
                value(Keys.DURABILITY),
                new LtxfsConfig.DurabilityWait(value(Keys.WAIT_MAX), value(Keys.WAIT_THEN)),
                value(Keys.CAPTURE),
                value(Keys.UNJOURNALED),
                new LtxfsConfig.Replication(
                        value(Keys.REPLICATION_LISTEN),
                        value(Keys.TLS_CERT),
                        value(Keys.TLS_KEY),
                        value(Keys.TLS_CA),
                        value(Keys.REPLICATION_INSECURE)),
                value(Keys.HTTP_LISTEN),
                value(Keys.LOG_MAX_BYTES),
                new LtxfsConfig.Files(value(Keys.FILES_OWNER), value(Keys.FILES_GROUP), value(Keys.FILES_MODE)),
                rules(),
                value(Keys.TRANSPORT),
                value(Keys.ALLOW_OTHER),
                value(Keys.STOP_TIMEOUT),
                value(Keys.ON_DAEMON_DEATH),
                value(Keys.LOG_LEVEL));
    }

    private <T> T value(ConfigKey<T> key) {
        RawValue raw = tree.get(key.name()).orElseGet(() -> YamlReader.readValue(defaultText(key), "the default"));
        return parse(key, raw, key.name());
    }

    private static <T> T parse(ConfigKey<T> key, RawValue raw, String name) {
        try {
            return key.type().parse(raw);
        } catch (WrongValue e) {
            String origin = raw.origin().equals("--set " + name) ? "--set" : raw.origin();
            throw new ConfigException(
                    origin + ": " + name, e.getMessage(), key.type().allowed());
        }
    }

    /** The text of a value with its type's form; for showing. */
    private <T> String valueText(ConfigKey<T> key) {
        return key.type().format(value(key));
    }

    private String defaultText(ConfigKey<?> key) {
        String text = key.defaultText();
        if (text.indexOf('<') < 0) {
            return text;
        }
        return switch (text) {
            case "<mount>" -> request.root() ? "/litefs" : "~/ltxfs";
            case "<data>" -> request.root() ? "/var/lib/ltxfs" : "~/.local/share/ltxfs";
            case "<allow-other>" -> Boolean.toString(request.root());
            case "<advertise>" -> advertise().toString();
            case "<keep>" -> keepsLocalArchive() ? "3d" : "30d";
            default ->
                text.replace("<hostname>", request.hostname())
                        .replace("<data>", value(Keys.DATA).toString());
        };
    }

    /** Where a cluster's node listens, if that says where it can be reached; else the host's name. */
    private Endpoint advertise() {
        Endpoint listen = value(Keys.REPLICATION_LISTEN);
        boolean named = value(Keys.LEASE_URL).isNone() || listen.isWildcard();
        return new Endpoint(named ? request.hostname() : listen.host(), listen.port());
    }

    private boolean keepsLocalArchive() {
        Path data = value(Keys.DATA);
        return value(Keys.ARCHIVE_URL)
                .directory()
                .filter(dir -> dir.startsWith(data))
                .isPresent();
    }

    private List<DatabaseRule> rules() {
        RawValue raw = tree.get(Keys.DATABASES).orElse(null);
        if (raw == null
                || raw instanceof RawValue.Scalar scalar && scalar.text().isEmpty()) {
            return List.of();
        }
        if (!(raw instanceof RawValue.Items items)) {
            throw new ConfigException(
                    raw.origin() + ": " + Keys.DATABASES,
                    "is not a list",
                    "write a list of rules, as in - { match: \"tenants/**\", unjournaled: refuse }");
        }
        List<DatabaseRule> rules = new ArrayList<>();
        for (int i = 0; i < items.items().size(); i++) {
            rules.add(rule(items.items().get(i), Keys.DATABASES + "[" + i + "]"));
        }
        return List.copyOf(rules);
    }

    private static DatabaseRule rule(RawValue raw, String place) {
        if (!(raw instanceof RawValue.Section section)) {
            throw new ConfigException(
                    raw.origin() + ": " + place, "is not a mapping", "write { match: PATTERN, KEY: VALUE }");
        }
        Stream<String> names = Keys.ALL.stream().filter(ConfigKey::perDatabase).map(ConfigKey::name);
        Stream<String> own = Stream.of(Keys.RULE_MATCH.name(), Keys.RULE_ARCHIVE_PATH.name());
        KeyTree tree = new KeyTree(Stream.concat(own, names).toList());
        tree.putSection(section);
        RuleReader reader = new RuleReader(tree, place);
        String match = reader.optional(Keys.RULE_MATCH)
                .orElseThrow(() -> new ConfigException(
                        raw.origin() + ": " + place,
                        "has no match",
                        Keys.RULE_MATCH.type().allowed()));
        return new DatabaseRule(
                match,
                reader.optional(Keys.RULE_ARCHIVE_PATH).flatMap(Function.identity()),
                reader.optional(Keys.ARCHIVE_SYNC),
                reader.optional(Keys.ARCHIVE_HISTORY),
                reader.optional(Keys.SNAPSHOTS_EVERY),
                reader.optional(Keys.SNAPSHOTS_KEEP),
                reader.optional(Keys.DURABILITY),
                reader.optional(Keys.WAIT_MAX),
                reader.optional(Keys.WAIT_THEN),
                reader.optional(Keys.UNJOURNALED),
                new LtxfsConfig.Files(
                        reader.optional(Keys.FILES_OWNER).flatMap(Function.identity()),
                        reader.optional(Keys.FILES_GROUP).flatMap(Function.identity()),
                        reader.optional(Keys.FILES_MODE).flatMap(Function.identity())));
    }

    /** Reads a rule's settings, none of which has a default. */
    private record RuleReader(KeyTree tree, String place) {
        <T> Optional<T> optional(ConfigKey<T> key) {
            return tree.get(key.name()).map(raw -> parse(key, raw, place + "." + key.name()));
        }
    }

    /** A duration as the configuration writes it; empty if the text is none. */
    public static Optional<Duration> duration(String text) {
        try {
            return Optional.of(ValueTypes.toDuration(text));
        } catch (WrongValue e) {
            return Optional.empty();
        }
    }

    /** Durations as the configuration writes them. */
    public static String text(Duration duration) {
        return ValueTypes.fromDuration(duration);
    }
}
