package dev.rejoin.server.transport;

import dev.rejoin.server.room.EntityTags;

/** The lists of entity tags in conditional requests (RFC 9110, 13.1). */
final class ETags {
    private ETags() {}

    /** Weak comparison, for {@code If-None-Match}. */
    static boolean anyMatches(String header, String etag) {
        for (String candidate : header.split(",", -1)) {
            String tag = candidate.trim();
            if (tag.equals("*") || opaque(tag).equals(opaque(etag))) {
                return true;
            }
        }
        return false;
    }

    /** Strong comparison, for {@code If-Match}: whether a tag of any format names what that format shows now. A weak tag never matches. */
    static boolean anyHolds(String header, EntityTags present) {
        for (String candidate : header.split(",", -1)) {
            String tag = candidate.trim();
            if (tag.equals("*")) {
                return true;
            }
            if (tag.startsWith("\"")) {
                DocumentFormat format = DocumentFormat.ofTag(tag);
                if (tag.equals(format.tag(format.isOfContent() ? present.content() : present.objects()))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static String opaque(String tag) {
        return tag.startsWith("W/") ? tag.substring(2) : tag;
    }
}
