package io.ltxfs.node.cluster;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/** This node's answers to candidates: it promises durably before it says what it has, and refuses lower epochs. */
final class Seals {
    /** More questions than this do not wait. */
    private static final int WAITING_MAX = 64;

    private record Asked(long request, long epoch) {}

    private final Shared shared;
    private final Deque<Asked> waiting = new ArrayDeque<>();

    Seals(Shared shared) {
        this.shared = shared;
    }

    void asked(Event.SealAsked asked) {
        shared.know(asked.candidate(), true);
        boolean own = shared.lease().epochHolding() == asked.epoch();
        if (Shared.isAbove(shared.promised(), asked.epoch()) || own || waiting.size() >= WAITING_MAX) {
            shared.add(new Action.RefuseSeal(asked.request(), shared.promised()));
            return;
        }
        shared.promise(asked.epoch());
        waiting.add(new Asked(asked.request(), asked.epoch()));
    }

    /** Answers what can be answered; everything that the promise ends has been ended before. */
    void advance() {
        for (Iterator<Asked> all = waiting.iterator(); all.hasNext(); ) {
            Asked asked = all.next();
            if (Shared.isAbove(shared.promised(), asked.epoch())) {
                shared.add(new Action.RefuseSeal(asked.request(), shared.promised()));
                all.remove();
            } else if (shared.hasPromised(asked.epoch())) {
                shared.add(new Action.AnswerSeal(asked.request(), shared.standing()));
                all.remove();
            }
        }
    }
}
