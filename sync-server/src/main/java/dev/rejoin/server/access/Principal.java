package dev.rejoin.server.access;

/**
 * Somebody, as the policy knows them.
 *
 * @param id what tells them from others, at most {@value #MAX_LENGTH} characters; empty for {@link #ANONYMOUS} only
 * @param name what others may be shown, at most {@value #MAX_LENGTH} characters; text from outside, to be escaped where it
 *     is shown
 */
public record Principal(String id, String name) {
    /** Longest id and longest name, in characters. */
    public static final int MAX_LENGTH = 255;

    /** Somebody who did not say who they are. */
    public static final Principal ANONYMOUS = new Principal("", "anonymous");

    /** Checks both. */
    public Principal {
        if (!isClean(id) || !isClean(name)) {
            throw new IllegalArgumentException(
                    "an id and a name have at most " + MAX_LENGTH + " characters and no control characters");
        }
    }

    /** Whether this is nobody in particular. */
    public boolean isAnonymous() {
        return id.isEmpty();
    }

    /** Whether a text can be an id or a name. */
    static boolean isClean(String text) {
        return text.length() <= MAX_LENGTH && text.chars().noneMatch(Character::isISOControl);
    }
}
