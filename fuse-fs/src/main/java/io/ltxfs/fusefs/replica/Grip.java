package io.ltxfs.fusefs.replica;

/**
 * What came of taking locks.
 *
 * @param got whether they are held
 * @param obstacle the lock that is in the way, for people; empty if they are held
 * @param pid the process that has it; 0 if the kernel does not say
 */
record Grip(boolean got, String obstacle, int pid) {
    static final Grip HELD = new Grip(true, "", 0);
}
