package dev.rejoin.server.transport;

import java.util.List;
import java.util.Optional;

/**
 * A representation of a document: what {@code ?format=} calls it, its media type, and what tells its entity tags from those of the others. A tag of the objects
 * is 32 hexadecimal digits in quotes, and so is one of the content; each format but the first puts a letter of its own behind.
 */
enum DocumentFormat {
    JSON("json", "application/json", "", false),
    STATE("state", "application/vnd.rejoin.state", "-s", false),
    CONTENT("content", "application/json", "-c", true),
    TEXT("text", "text/plain; charset=utf-8", "-t", true),
    UPDATE("update", "application/vnd.rejoin.yjs-update", "-u", true),
    UPDATE_V2("update-v2", "application/vnd.rejoin.yjs-update-v2", "-v", true),
    SNAPSHOT("snapshot", "application/vnd.rejoin.yjs-snapshot", "-n", true);

    /** Those that a media type names, the preferred first. */
    static final List<DocumentFormat> BY_TYPE = List.of(JSON, TEXT, STATE, UPDATE, UPDATE_V2, SNAPSHOT);

    private static final int SUFFIX = 3;

    private final String label;
    private final String contentType;
    private final String tagSuffix;
    private final boolean ofContent;

    DocumentFormat(String label, String contentType, String tagSuffix, boolean ofContent) {
        this.label = label;
        this.contentType = contentType;
        this.tagSuffix = tagSuffix;
        this.ofContent = ofContent;
    }

    String contentType() {
        return contentType;
    }

    /** The media type without parameters. */
    String mediaType() {
        int parameters = contentType.indexOf(';');
        return parameters < 0 ? contentType : contentType.substring(0, parameters);
    }

    /** Whether it shows the content, and not the objects. */
    boolean isOfContent() {
        return ofContent;
    }

    static Optional<DocumentFormat> ofLabel(String label) {
        for (DocumentFormat format : values()) {
            if (format.label.equals(label)) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }

    /** The format that an entity tag stands for; {@link #JSON} for one of an unknown form, which matches nothing anyway. */
    static DocumentFormat ofTag(String tag) {
        for (DocumentFormat format : values()) {
            if (!format.tagSuffix.isEmpty() && tag.endsWith(format.tagSuffix + '"')) {
                return format;
            }
        }
        return JSON;
    }

    /** The tag of this format for the same state as a tag of any format of the same part. */
    String tag(String any) {
        boolean plain = ofTag(any).tagSuffix.isEmpty();
        return any.substring(0, any.length() - (plain ? 1 : SUFFIX)) + tagSuffix + '"';
    }
}
