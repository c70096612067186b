package dev.rejoin.crdt.yjs;

import org.jspecify.annotations.Nullable;

/** What listeners have thrown: the first, and with it the others. */
final class Failures {
    /** None; {@link #with} makes a new one. */
    static final Failures NONE = new Failures();

    private @Nullable Throwable first;

    /** This and one more. */
    Failures with(Throwable failure) {
        Failures more = this == NONE ? new Failures() : this;
        more.add(failure);
        return more;
    }

    /** This and those of others. */
    Failures withAll(Failures others) {
        return others.first == null ? this : with(others.first);
    }

    void add(Throwable failure) {
        if (first == null) {
            first = failure;
        } else if (failure != first) {
            first.addSuppressed(failure);
        }
    }

    void addAll(Failures others) {
        if (others.first != null) {
            add(others.first);
        }
    }

    void rethrow() {
        if (first instanceof RuntimeException failure) {
            throw failure;
        }
        if (first instanceof Error failure) {
            throw failure;
        }
    }
}
