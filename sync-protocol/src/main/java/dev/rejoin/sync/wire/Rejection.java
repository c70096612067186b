package dev.rejoin.sync.wire;

/**
 * A voided transaction.
 *
 * @param first its lowest dot
 * @param last its highest dot
 * @param code why: {@code [a-z][a-z0-9-]{0,63}}
 * @param message for people, cut to {@value #MESSAGE_CHARS} characters
 */
public record Rejection(long first, long last, String code, String message) {
    /** Longest message, in UTF-16 units. */
    public static final int MESSAGE_CHARS = 1_024;

    /** Longest code, in characters. */
    public static final int CODE_CHARS = 64;

    public Rejection {
        requireCode(code);
        message = cut(message);
    }

    /** Whether a text has the form of a code. */
    public static boolean isCode(String code) {
        if (code.isEmpty() || code.length() > CODE_CHARS) {
            return false;
        }
        for (int i = 0; i < code.length(); i++) {
            char c = code.charAt(i);
            boolean letter = c >= 'a' && c <= 'z';
            if (!letter && (i == 0 || !(c >= '0' && c <= '9' || c == '-'))) {
                return false;
            }
        }
        return true;
    }

    static void requireCode(String code) {
        if (!isCode(code)) {
            throw new IllegalArgumentException("not a rejection code: \"" + cut(code) + "\"");
        }
    }

    static String cut(String message) {
        if (message.length() <= MESSAGE_CHARS) {
            return message;
        }
        boolean splitsPair = Character.isHighSurrogate(message.charAt(MESSAGE_CHARS - 1));
        return message.substring(0, splitsPair ? MESSAGE_CHARS - 1 : MESSAGE_CHARS);
    }
}
