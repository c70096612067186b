package dev.rejoin.server.access;

import java.util.Locale;
import java.util.Optional;

/** What somebody may do with one document. In ascending order: each one includes those before it. */
public enum Capability {
    /** Nothing, not even learning whether the document exists. */
    NONE,
    /** Reading it and being seen in it. */
    READ,
    /** Changing its content; a document that is not there yet begins with its first write. */
    WRITE,
    /** What changes its history or its end: restoring, deleting. */
    ADMIN;

    /** Whether this is enough where {@code needed} is asked for. */
    public boolean includes(Capability needed) {
        return compareTo(needed) >= 0;
    }

    /** The capability of this name, in lower case and nothing else: {@code none}, {@code read}, {@code write}, {@code admin}. */
    public static Optional<Capability> of(String name) {
        for (Capability capability : values()) {
            if (capability.toString().equals(name)) {
                return Optional.of(capability);
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
