package io.ltxfs.database.sim;

/** The machine, or the process, stopped in the middle of an operation. Unwinds the code under test; never caught by it. */
public final class PowerLoss extends Error {
    public PowerLoss(String where) {
        super(where, null, false, false);
    }
}
