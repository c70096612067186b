package dev.rejoin.crdt.laws;

/**
 * One change as a user asks for it. {@code value} is the element, the register's value, the signed amount, or for
 * {@link Verb#REMOVE} on a map the key.
 */
record Op(Address object, Verb verb, Object value) {
    enum Verb {
        ADD,
        REMOVE,
        CLEAR,
        SET,
        INCREMENT,
        RESET
    }

    @Override
    public String toString() {
        return verb.name().toLowerCase(java.util.Locale.ROOT) + "(" + object + (value == null ? "" : ", " + value)
                + ")";
    }
}
