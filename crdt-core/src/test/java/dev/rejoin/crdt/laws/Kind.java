package dev.rejoin.crdt.laws;

/** The object types as the format numbers them. */
enum Kind {
    GCOUNTER(1),
    COUNTER(2),
    REGISTER(3),
    MVREGISTER(4),
    SET(5),
    RWSET(6),
    FLAG(7),
    DWFLAG(8),
    MAP(9);

    final int code;

    Kind(int code) {
        this.code = code;
    }

    boolean counts() {
        return this == GCOUNTER || this == COUNTER;
    }

    boolean removeWins() {
        return this == RWSET || this == DWFLAG;
    }
}
