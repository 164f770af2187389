package io.ltxfs.node.replication;

import java.io.IOException;
import java.util.Optional;

/** A node refuses what another asks: the message says why, and what to check. */
public final class Refused extends IOException {
    private static final long serialVersionUID = 1;

    private final long promised;
    private final transient Optional<Member> primary;

    /** A refusal of this node's; the server adds what this node has promised and knows. */
    public Refused(String why) {
        this(why, 0, Optional.empty());
    }

    /** A refusal as it came from another node. */
    Refused(String why, long promised, Optional<Member> primary) {
        super(why);
        this.promised = promised;
        this.primary = primary;
    }

    /** The highest epoch that the one who refuses has promised; 0 if it did not say. */
    public long promised() {
        return promised;
    }

    /** The primary that the one who refuses knows. */
    public Optional<Member> primary() {
        return primary;
    }
}
