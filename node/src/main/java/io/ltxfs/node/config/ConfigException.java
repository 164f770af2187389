package io.ltxfs.node.config;

/** A wrong configuration. The message names the key, what is wrong with it and what is allowed; the exit code is 2. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Makes one for a key: {@code key: problem; allowed}. */
    public ConfigException(String key, String problem, String allowed) {
        this(key + ": " + problem + "; " + allowed);
    }

    /** Makes one whose message is complete. */
    public ConfigException(String message) {
        super(message);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
