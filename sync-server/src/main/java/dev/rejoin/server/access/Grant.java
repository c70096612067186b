package dev.rejoin.server.access;

/**
 * Leave to use one document.
 *
 * @param principal who
 * @param capability what for; never {@link Capability#NONE}, which is {@link Denied}
 * @param expiresAtMillis when it ends, in milliseconds since 1970; {@link #NEVER} if it does not
 * @param tokenId the token it rests on, as an {@link AccessChange} may name it; empty if there is none
 */
public record Grant(Principal principal, Capability capability, long expiresAtMillis, String tokenId)
        implements Access {
    /** The end of a grant that has none. */
    public static final long NEVER = Long.MAX_VALUE;

    /** Checks that there is leave for something. */
    public Grant {
        if (capability == Capability.NONE) {
            throw new IllegalArgumentException("leave for nothing is a denial");
        }
    }

    /** A grant that rests on no token. */
    public Grant(Principal principal, Capability capability, long expiresAtMillis) {
        this(principal, capability, expiresAtMillis, "");
    }

    /** Whether it has ended. */
    public boolean isExpired(long nowMillis) {
        return expiresAtMillis != NEVER && nowMillis >= expiresAtMillis;
    }

    /** Whether it is leave for this, now. */
    public boolean allows(Capability needed, long nowMillis) {
        return capability.includes(needed) && !isExpired(nowMillis);
    }

    /** The answer no; the same as {@link Denied#Denied(String, String, boolean)} with a standard message. */
    public static Denied denied(String code) {
        return Denied.of(code);
    }
}
