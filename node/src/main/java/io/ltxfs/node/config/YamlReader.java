package io.ltxfs.node.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Reads YAML into {@link RawValue}s. Scalars stay text ({@code 0644} is a mode, not a number): a key's type
 * gives them their meaning.
 */
final class YamlReader {
    private static final int DEPTH_MAX = 20;
    private static final int ALIASES_MAX = 50;

    private final String source;
    private final boolean lines;

    private YamlReader(String source, boolean lines) {
        this.source = source;
        this.lines = lines;
    }

    /**
     * Reads a file's text.
     *
     * @param source the file's name, for messages
     * @return the document, or empty if it holds nothing
     */
    static Optional<RawValue> readFile(String text, String source) {
        return new YamlReader(source, true).read(text);
    }

    /** Reads the value of an option such as {@code --set KEY=VALUE}. Nothing is an empty text. */
    static RawValue readValue(String text, String source) {
        return new YamlReader(source, false).read(text).orElse(new RawValue.Scalar("", source));
    }

    private Optional<RawValue> read(String text) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(source)
                .setMaxAliasesForCollections(ALIASES_MAX)
                .build();
        try {
            return new Compose(settings).composeString(text).map(node -> value(node, 0));
        } catch (MarkedYamlEngineException e) {
            String at = e.getProblemMark().map(this::at).orElse(source);
            throw new ConfigException(at + ": is not YAML: " + e.getProblem() + "; correct it there");
        } catch (YamlEngineException e) {
            throw new ConfigException(source + ": is not YAML: " + e.getMessage() + "; correct it");
        }
    }

    private RawValue value(Node node, int depth) {
        String origin = origin(node);
        if (depth > DEPTH_MAX) {
            throw new ConfigException(origin + ": is nested deeper than " + DEPTH_MAX + " levels; no key is that deep");
        }
        if (node instanceof ScalarNode scalar) {
            boolean nothing = scalar.isPlain()
                    && (scalar.getValue().equals("~") || scalar.getValue().equals("null"));
            return new RawValue.Scalar(nothing ? "" : scalar.getValue(), origin);
        }
        if (node instanceof SequenceNode sequence) {
            List<RawValue> items = new ArrayList<>();
            for (Node item : sequence.getValue()) {
                items.add(value(item, depth + 1));
            }
            return new RawValue.Items(List.copyOf(items), origin);
        }
        if (node instanceof MappingNode mapping) {
            return section(mapping, origin, depth);
        }
        throw new ConfigException(origin + ": is neither a text, a list nor a mapping; write one of them");
    }

    private RawValue section(MappingNode mapping, String origin, int depth) {
        List<RawValue.Entry> entries = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (NodeTuple tuple : mapping.getValue()) {
            String keyOrigin = origin(tuple.getKeyNode());
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw new ConfigException(keyOrigin + ": a key must be a plain text; write it as name: value");
            }
            if (!seen.add(key.getValue())) {
                throw new ConfigException(keyOrigin + ": " + key.getValue() + " is given twice; remove one");
            }
            entries.add(new RawValue.Entry(key.getValue(), keyOrigin, value(tuple.getValueNode(), depth + 1)));
        }
        return new RawValue.Section(List.copyOf(entries), origin);
    }

    private String origin(Node node) {
        return node.getStartMark().map(this::at).orElse(source);
    }

    private String at(Mark mark) {
        return lines ? source + ":" + (mark.getLine() + 1) : source;
    }
}
