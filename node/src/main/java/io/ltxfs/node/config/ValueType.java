package io.ltxfs.node.config;

/**
 * What the values of a key may be.
 *
 * @param <T> the value in the program
 */
interface ValueType<T> {
    /**
     * Reads a value.
     *
     * @throws WrongValue if it is none, with the reason
     */
    T parse(RawValue raw) throws WrongValue;

    /** Says what is allowed, to end an error message: "write a number with a unit, as in …". */
    String allowed();

    /** Writes a value as YAML, so that {@link #parse} reads it again. */
    String format(T value);

    /** A value that a type refuses; the message is the problem, without key and without what is allowed. */
    final class WrongValue extends Exception {
        private static final long serialVersionUID = 1L;

        WrongValue(String problem) {
            super(problem);
        }

        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }
}
