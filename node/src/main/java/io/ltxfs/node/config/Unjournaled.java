package io.ltxfs.node.config;

/** What happens to writes that no journal and no WAL announces. */
public enum Unjournaled {
    /** They are taken as one transaction when the writer is done. */
    ADOPT,
    /** The first of them fails. */
    REFUSE
}
