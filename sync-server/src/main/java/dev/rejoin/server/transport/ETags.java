package dev.rejoin.server.transport;

/** The lists of entity tags in conditional requests (RFC 9110, 13.1). */
final class ETags {
    private ETags() {}

    /** Weak comparison, for {@code If-None-Match}. */
    static boolean anyMatches(String header, String etag) {
        return matches(header, opaque(etag), false);
    }

    /** Strong comparison, for {@code If-Match}: a weak tag never matches. */
    static boolean anyMatchesStrongly(String header, String etag) {
        return matches(header, etag, true);
    }

    private static boolean matches(String header, String wanted, boolean strong) {
        for (String candidate : header.split(",", -1)) {
            String tag = candidate.trim();
            if (tag.equals("*") || (strong ? tag : opaque(tag)).equals(wanted)) {
                return true;
            }
        }
        return false;
    }

    private static String opaque(String tag) {
        return tag.startsWith("W/") ? tag.substring(2) : tag;
    }
}
