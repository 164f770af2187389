package io.ltxfs.node.guard;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What guard and daemon say to each other, a line each. The daemon writes to its standard output, the guard to the
 * daemon's standard input; the end of that input tells the daemon that its guard has died.
 *
 * <pre>
 * daemon: ltxfs:config mount=… stop-timeout=MILLIS on-daemon-death=restart|exit user=…   once it knows them
 *         ltxfs:mounted connection=N                                                      the mount is there
 *         ltxfs:ready                                                                     the app may start
 *         ltxfs:stop                                                                      it was sent SIGTERM itself
 * guard:  app PID MARK     the app that was started, see MarkedProcesses
 *         stop MILLIS      end within this time
 *         stop-now         end at once
 *         reload           read certificates and log level again
 * </pre>
 * Lines of another form (a JVM's thread dump) are passed to standard error.
 */
public final class Protocol {
    /** Begins each of the daemon's lines. */
    private static final String PREFIX = "ltxfs:";

    /** The daemon may be killed when it has not stopped this long after the time it was given. */
    static final Duration GRACE = Duration.ofSeconds(3);

    private Protocol() {}

    /** A line of the daemon: a word, and values by name. */
    public record Line(String word, Map<String, String> values) {
        /** The value of a name, or empty. */
        public Optional<String> value(String name) {
            return Optional.ofNullable(values.get(name)).filter(value -> !value.isEmpty());
        }

        /** The line as it is sent. */
        @Override
        public String toString() {
            StringBuilder line = new StringBuilder(PREFIX).append(word);
            values.forEach((name, value) ->
                    line.append(' ').append(name).append('=').append(URLEncoder.encode(value, StandardCharsets.UTF_8)));
            return line.toString();
        }
    }

    /** Reads a line of the daemon; empty if it is none of the protocol's. */
    static Optional<Line> parse(String line) {
        if (!line.startsWith(PREFIX)) {
            return Optional.empty();
        }
        String[] words = line.substring(PREFIX.length()).split(" ", -1);
        Map<String, String> values = new HashMap<>();
        for (int i = 1; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            if (equals > 0) {
                values.put(
                        words[i].substring(0, equals),
                        URLDecoder.decode(words[i].substring(equals + 1), StandardCharsets.UTF_8));
            }
        }
        return Optional.of(new Line(words[0], Map.copyOf(values)));
    }
}
