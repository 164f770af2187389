package io.ltxfs.objectstore;

/** The calls of an {@link ObjectStore}, for counts and faults. */
public enum Operation {
    PUT,
    HEAD,
    /** Whole objects and ranges. */
    GET,
    /** A page. */
    LIST,
    CHILDREN,
    /** One object or many. */
    DELETE
}
