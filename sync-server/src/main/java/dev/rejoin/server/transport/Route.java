package dev.rejoin.server.transport;

import java.util.List;
import java.util.Optional;

/**
 * What {@link HttpRouter} answers, besides the files of the frontend: the only table of it. Whole stores are served before it by {@link StoreEndpoint}, sockets behind
 * it. {@code openapi.json} describes all of it, and a test holds the two together.
 */
enum Route {
    DOCUMENTS("/v1/documents", "GET", "HEAD"),
    RESTORE("/v1/documents/{document}/restore", "POST"),
    DOCUMENT("/v1/documents/{document}", "DELETE", "GET", "HEAD", "PATCH", "POST"),
    STATS("/v1/stats/{document}", "GET", "HEAD"),
    FLOWS("/.well-known/rejoin/flows", "GET", "HEAD"),
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

    /** Whether it is asked by those who run the server, who are not held to a rate. */
    boolean isForOperators() {
        return this == HEALTH || this == READINESS || this == METRICS;
    }

    /** The path, with the name of a document in braces. */
    String template() {
        return template;
    }

    List<String> methods() {
        return methods;
    }

    /**
     * The route of a request; a name of a document is the rest of the path, slashes included. What looks like a route with something
     * behind the name, but has another method, is a request for a document of that longer name.
     */
    static Optional<Route> of(String path, String method) {
        for (Route route : values()) {
            if (route.matches(path) && (route.suffix().isEmpty() || route.methods.contains(method))) {
                return Optional.of(route);
            }
        }
        return Optional.empty();
    }

    private boolean matches(String path) {
        return hasName()
                ? path.startsWith(prefix())
                        && path.endsWith(suffix())
                        && path.length() >= prefix().length() + suffix().length()
                : path.equals(template);
    }

    private boolean hasName() {
        return template.contains(NAME);
    }

    private String prefix() {
        return template.substring(0, template.indexOf(NAME));
    }

    private String suffix() {
        return hasName() ? template.substring(template.indexOf(NAME) + NAME.length()) : "";
    }

    /** The part of a path that names a document, still encoded. */
    String encodedName(String path) {
        return path.substring(prefix().length(), path.length() - suffix().length());
    }
}
