package io.ltxfs.fusefs;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Steps that take apart what was put together, the last one first; one that fails does not keep the others. */
final class Undo {
    interface Step {
        void run() throws IOException;
    }

    private final Deque<Step> steps = new ArrayDeque<>();

    void add(Step step) {
        steps.push(step);
    }

    /** Runs all steps. @return the first failure, with the later ones suppressed in it */
    @Nullable
    IOException run() {
        IOException first = null;
        while (!steps.isEmpty()) {
            try {
                steps.pop().run();
            } catch (IOException | RuntimeException e) {
                if (first == null) {
                    first = e instanceof IOException io ? io : new IOException(e);
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        return first;
    }

    /** Runs all steps because of a failure; theirs are suppressed in it. */
    void run(Exception cause) {
        IOException failure = run();
        if (failure != null) {
            cause.addSuppressed(failure);
        }
    }
}
