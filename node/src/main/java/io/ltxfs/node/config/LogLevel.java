package io.ltxfs.node.config;

/** How much the node's own log says. */
public enum LogLevel {
    /** What failed. */
    ERROR,
    /** What needs a look. */
    WARN,
    /** What an operator reads in order. */
    INFO,
    /** Everything. */
    DEBUG
}
