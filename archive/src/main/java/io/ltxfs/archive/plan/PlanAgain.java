package io.ltxfs.archive.plan;

/** What was planned with has turned out to be no part of the archive: plan once more, without it. */
final class PlanAgain extends Exception {
    private static final long serialVersionUID = 1;

    PlanAgain() {
        super("", null, false, false);
    }
}
