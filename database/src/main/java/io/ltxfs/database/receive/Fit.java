package io.ltxfs.database.receive;

/** How a position of another node relates to what a node has of the same database. */
public enum Fit {
    /** It is in the log's history, with the same checksum: what came after it can be given, or nothing did. */
    KNOWN,
    /** It may be in the history, but the log does not reach back to it. */
    TOO_OLD,
    /** It is beyond what is there. */
    AHEAD,
    /** The TXID is in the history with another checksum. */
    OTHER
}
