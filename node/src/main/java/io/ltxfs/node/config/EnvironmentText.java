package io.ltxfs.node.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Puts environment variables into values: {@code ${VAR}}, {@code ${VAR:-text if unset}}; {@code $${} is a plain
 * {@code ${}. Keys are left alone.
 */
final class EnvironmentText {
    private static final Pattern FORM =
            Pattern.compile("\\$(\\$\\{)|\\$\\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?}|\\$\\{([^}]*)}?");

    private final Map<String, String> environment;

    EnvironmentText(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    /**
     * Expands every text of a value.
     *
     * @throws ConfigException if a variable is not set
     */
    RawValue expand(RawValue value) {
        if (value instanceof RawValue.Scalar scalar) {
            return new RawValue.Scalar(expand(scalar.text(), scalar.origin()), scalar.origin());
        }
        if (value instanceof RawValue.Items list) {
            List<RawValue> items = new ArrayList<>();
            for (RawValue item : list.items()) {
                items.add(expand(item));
            }
            return new RawValue.Items(List.copyOf(items), list.origin());
        }
        RawValue.Section section = (RawValue.Section) value;
        List<RawValue.Entry> entries = new ArrayList<>();
        for (RawValue.Entry entry : section.entries()) {
            entries.add(new RawValue.Entry(entry.key(), entry.origin(), expand(entry.value())));
        }
        return new RawValue.Section(List.copyOf(entries), section.origin());
    }

    private String expand(String text, String origin) {
        if (text.indexOf("${") < 0) {
            return text;
        }
        Matcher matcher = FORM.matcher(text);
        StringBuilder out = new StringBuilder();
        while (matcher.find()) {
            matcher.appendReplacement(out, Matcher.quoteReplacement(replacement(matcher, origin)));
        }
        return matcher.appendTail(out).toString();
    }

    private String replacement(Matcher matcher, String origin) {
        if (matcher.group(1) != null) {
            return "${";
        }
        String name = matcher.group(2);
        if (name == null) {
            throw new ConfigException(
                    origin + ": '" + matcher.group() + "' names no environment variable; write ${NAME}");
        }
        String value = environment.get(name);
        if (value == null) {
            value = matcher.group(3);
        }
        if (value == null) {
            throw new ConfigException(origin + ": the environment variable " + name + " is not set; set it, or write ${"
                    + name + ":-default}");
        }
        return value;
    }
}
