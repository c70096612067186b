package dev.rejoin.sync.session;

import java.util.Optional;

/**
 * The name of a document: 1 to {@value #MAX_BYTES} bytes of UTF-8, segments between {@code /} that are neither empty nor
 * {@code .} or {@code ..}, no control characters, no lone surrogates.
 *
 * @param value the name
 */
public record DocumentName(String value) {
    /** Longest name, in bytes of UTF-8. */
    public static final int MAX_BYTES = 255;

    /**
     * A checked name.
     *
     * @throws IllegalArgumentException saying which rule it breaks
     */
    public DocumentName {
        Optional<String> flaw = flaw(value);
        if (flaw.isPresent()) {
            throw new IllegalArgumentException(flaw.get());
        }
    }

    public static DocumentName of(String value) {
        return new DocumentName(value);
    }

    /** Which rule a name breaks; empty if none. */
    public static Optional<String> flaw(String name) {
        if (name.isEmpty()) {
            return Optional.of("a document name must not be empty");
        }
        if (name.length() > MAX_BYTES) {
            return Optional.of(tooLong());
        }
        int bytes = 0;
        for (int i = 0; i < name.length(); ) {
            int codePoint = name.codePointAt(i);
            if (Character.getType(codePoint) == Character.CONTROL) {
                return Optional.of(
                        String.format("a document name must not contain control character U+%04X", codePoint));
            }
            if (Character.getType(codePoint) == Character.SURROGATE) {
                return Optional.of("a document name must be well-formed Unicode");
            }
            int units = Character.charCount(codePoint);
            bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : units == 1 ? 3 : 4;
            i += units;
        }
        if (bytes > MAX_BYTES) {
            return Optional.of(tooLong());
        }
        int start = 0;
        while (start <= name.length()) {
            int slash = name.indexOf('/', start);
            int end = slash < 0 ? name.length() : slash;
            String segment = name.substring(start, end);
            if (segment.isEmpty()) {
                return Optional.of("a document name must not have an empty segment");
            }
            if (segment.equals(".") || segment.equals("..")) {
                return Optional.of("a document name must not have a segment \"" + segment + "\"");
            }
            start = end + 1;
            if (slash < 0) {
                break;
            }
        }
        return Optional.empty();
    }

    private static String tooLong() {
        return "a document name must have at most " + MAX_BYTES + " bytes of UTF-8";
    }

    @Override
    public String toString() {
        return value;
    }
}
