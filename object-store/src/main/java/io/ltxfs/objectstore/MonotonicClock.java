package io.ltxfs.objectstore;

/** Time that only goes on, for back-off and delays. */
public interface MonotonicClock {
    /** Nanoseconds since some moment. */
    long nanos();

    /** Waits. */
    void sleep(long millis) throws InterruptedException;

    /** The machine's. */
    static MonotonicClock system() {
        return new MonotonicClock() {
            @Override
            public long nanos() {
                return System.nanoTime();
            }

            @Override
            public void sleep(long millis) throws InterruptedException {
                Thread.sleep(millis);
            }
        };
    }
}
