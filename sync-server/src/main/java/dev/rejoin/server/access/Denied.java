package dev.rejoin.server.access;

import java.nio.charset.StandardCharsets;

/**
 * No. What it says goes to the peer, so neither code nor message depend on whether the document exists, and neither contains
 * the token.
 *
 * @param code why, for programs; lower-case words joined by hyphens, at most 32 characters
 * @param message why, for people; at most {@value #MAX_MESSAGE_BYTES} bytes of UTF-8, so that it fits into a WebSocket close
 *     frame (RFC 6455, 5.5)
 * @param retryable whether the same request may succeed later without anybody doing something
 */
public record Denied(String code, String message, boolean retryable) implements Access {
    /** Longest message, in bytes of UTF-8. */
    public static final int MAX_MESSAGE_BYTES = 120;

    /** The peer has to show (again) who it is: no token, or one that is not accepted any more or never was. */
    public static final String NEEDS_AUTH = "needs-auth";

    /** Somebody known who may not do this, whether the document exists or not. */
    public static final String FORBIDDEN = "forbidden";

    /** The policy could not decide; the only code that is retryable by itself. */
    public static final String UNAVAILABLE = "access-unavailable";

    /** Checks that it can be sent. */
    public Denied {
        if (!code.matches("[a-z][a-z0-9-]{0,31}")) {
            throw new IllegalArgumentException("a code is lower-case words joined by hyphens, got \"" + code + "\"");
        }
        if (message.getBytes(StandardCharsets.UTF_8).length > MAX_MESSAGE_BYTES) {
            throw new IllegalArgumentException("a message has at most " + MAX_MESSAGE_BYTES + " bytes");
        }
    }

    /** A denial with the standard message of its code; a code of a policy's own is its own message and final. */
    public static Denied of(String code) {
        return switch (code) {
            case NEEDS_AUTH -> new Denied(code, "a token that is accepted here is needed", false);
            case FORBIDDEN -> new Denied(code, "this document is not open to you", false);
            case UNAVAILABLE -> new Denied(code, "access cannot be checked at the moment", true);
            default -> new Denied(code, code, false);
        };
    }
}
