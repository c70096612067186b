package dev.rejoin.server.transport;

import java.util.List;
import java.util.Optional;

/**
 * What is answered over HTTP, besides the files of the frontend: the only table of it. {@code openapi.json} describes each of them, and a test holds the two
 * together.
 */
enum Route {
    DOCUMENTS("/v1/documents", "GET", "HEAD"),
    DOCUMENT("/v1/documents/{document}", "GET", "HEAD", "PATCH", "POST"),
    STATS("/v1/stats/{document}", "GET", "HEAD"),
    DESCRIPTION("/openapi.json", "GET", "HEAD"),
    HEALTH("/healthz", "GET", "HEAD"),
    READINESS("/readyz", "GET", "HEAD"),
    METRICS("/metrics", "GET", "HEAD");

    private static final String NAME = "{document}";

    private final String template;
    private final List<String> methods;

    Route(String template, String... methods) {
        this.template = template;
        this.methods = List.of(methods);
    }

    /** The path, with the name of a document in braces. */
    String template() {
        return template;
    }

    List<String> methods() {
        return methods;
    }

    /** The route of a path; a name of a document is the rest of it, slashes included. */
    static Optional<Route> of(String path) {
        for (Route route : values()) {
            if (route.hasName() ? path.startsWith(route.prefix()) : path.equals(route.template)) {
                return Optional.of(route);
            }
        }
        return Optional.empty();
    }

    private boolean hasName() {
        return template.endsWith(NAME);
    }

    private String prefix() {
        return template.substring(0, template.length() - NAME.length());
    }

    /** The part of a path that names a document, still encoded. */
    String encodedName(String path) {
        return path.substring(prefix().length());
    }
}
