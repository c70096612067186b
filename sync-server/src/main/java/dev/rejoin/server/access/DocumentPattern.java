package dev.rejoin.server.access;

import java.util.Arrays;
import java.util.List;

/**
 * A set of document names: segments between slashes, of which {@code *} stands for any one and {@code **} for any number,
 * none included. There are no other wildcards.
 *
 * <p>Patterns are ordered by how much they say, from the left: at the first difference a name says more than {@code *}, that
 * more than the end, that more than {@code **}. Two patterns may say the same amount about one document; whoever chooses
 * between them takes the one that allows less.
 */
final class DocumentPattern implements Comparable<DocumentPattern> {
    private static final String ONE = "*";
    private static final String MANY = "**";

    private final List<String> segments;

    private DocumentPattern(List<String> segments) {
        this.segments = segments;
    }

    /**
     * Understands a pattern.
     *
     * @throws IllegalArgumentException for an empty segment, and for an asterisk beside other characters: taken literally it
     *     would silently miss what was meant
     */
    static DocumentPattern of(String text) {
        List<String> segments = segments(text);
        for (String segment : segments) {
            boolean wild = segment.equals(ONE) || segment.equals(MANY);
            if (segment.isEmpty() || (!wild && segment.indexOf('*') >= 0)) {
                throw new IllegalArgumentException("a segment of a pattern is a name, * or **");
            }
        }
        return new DocumentPattern(segments);
    }

    static List<String> segments(String name) {
        return Arrays.asList(name.split("/", -1));
    }

    /**
     * Whether a document is in the set. O(pattern × name) segments: on a mismatch only the last {@code **} is tried further
     * right, since an earlier one could not reach anything that the last cannot.
     *
     * @param name the segments of the document's name
     */
    boolean matches(List<String> name) {
        int at = 0;
        int in = 0;
        int many = -1;
        int manyFrom = 0;
        while (in < name.size()) {
            if (at < segments.size() && segments.get(at).equals(MANY)) {
                many = at++;
                manyFrom = in;
            } else if (at < segments.size() && matches(segments.get(at), name.get(in))) {
                at++;
                in++;
            } else if (many >= 0) {
                at = many + 1;
                in = ++manyFrom;
            } else {
                return false;
            }
        }
        while (at < segments.size() && segments.get(at).equals(MANY)) {
            at++;
        }
        return at == segments.size();
    }

    private static boolean matches(String segment, String name) {
        return segment.equals(ONE) || segment.equals(name);
    }

    /** Positive if this one says more. Not consistent with equals: different names say the same amount. */
    @Override
    public int compareTo(DocumentPattern other) {
        int length = Math.max(segments.size(), other.segments.size());
        for (int i = 0; i < length; i++) {
            int order = Integer.compare(weight(i), other.weight(i));
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    private int weight(int index) {
        if (index >= segments.size()) {
            return 1;
        }
        return switch (segments.get(index)) {
            case MANY -> 0;
            case ONE -> 2;
            default -> 3;
        };
    }

    @Override
    public String toString() {
        return String.join("/", segments);
    }
}
