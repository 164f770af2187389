package io.ltxfs.integrationtests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** As much of a compose file as ours uses, so that tests start what it says without the compose program. */
final class ComposeFile {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z0-9_]+):-([^}]*)}");

    private final Map<String, Object> services = new LinkedHashMap<>();

    private ComposeFile() {}

    /** Reads a file; variables have their defaults. */
    static ComposeFile read(Path file) throws IOException {
        Matcher matcher = VARIABLE.matcher(Files.readString(file));
        Map<?, ?> root = (Map<?, ?>) NodeUnderTest.parseJson(matcher.replaceAll("$2"));
        ComposeFile compose = new ComposeFile();
        Map<?, ?> found = (Map<?, ?>) Objects.requireNonNull(root.get("services"));
        found.forEach((name, service) ->
                compose.services.put(String.valueOf(name), merged((Map<?, ?>) Objects.requireNonNull(service))));
        return compose;
    }

    private static Map<Object, Object> merged(Map<?, ?> service) {
        Map<Object, Object> all = new LinkedHashMap<>();
        if (service.get("<<") instanceof Map<?, ?> base) {
            all.putAll(base);
        }
        all.putAll(service);
        return all;
    }

    /** Words of a service's key. */
    List<String> words(String service, String key) {
        Object value = value(service, key);
        return value == null
                ? List.of()
                : ((List<?>) value).stream().map(String::valueOf).toList();
    }

    /** One word of a service's key. */
    String word(String service, String key) {
        return String.valueOf(Objects.requireNonNull(value(service, key), key));
    }

    /** A service's environment. */
    Map<String, String> environment(String service) {
        Map<String, String> environment = new LinkedHashMap<>();
        if (value(service, "environment") instanceof Map<?, ?> found) {
            found.forEach((name, value) -> environment.put(String.valueOf(name), String.valueOf(value)));
        }
        return environment;
    }

    private @Nullable Object value(String service, String key) {
        return ((Map<?, ?>) Objects.requireNonNull(services.get(service), service)).get(key);
    }
}
