package dev.rejoin.server.transport;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Serves a team's own frontend from a {@link WebRoot}: content types, conditional requests, {@code index.html}, and cache
 * headers that never show a stale page. Blocking; called on a worker thread.
 */
final class StaticFiles {
    private static final Map<String, String> TYPES = Map.ofEntries(
            Map.entry("html", "text/html; charset=utf-8"),
            Map.entry("css", "text/css; charset=utf-8"),
            Map.entry("js", "text/javascript; charset=utf-8"),
            Map.entry("mjs", "text/javascript; charset=utf-8"),
            Map.entry("json", "application/json"),
            Map.entry("map", "application/json"),
            Map.entry("webmanifest", "application/manifest+json"),
            Map.entry("txt", "text/plain; charset=utf-8"),
            Map.entry("xml", "application/xml"),
            Map.entry("svg", "image/svg+xml"),
            Map.entry("png", "image/png"),
            Map.entry("jpg", "image/jpeg"),
            Map.entry("jpeg", "image/jpeg"),
            Map.entry("gif", "image/gif"),
            Map.entry("webp", "image/webp"),
            Map.entry("avif", "image/avif"),
            Map.entry("ico", "image/x-icon"),
            Map.entry("woff", "font/woff"),
            Map.entry("woff2", "font/woff2"),
            Map.entry("wasm", "application/wasm"),
            Map.entry("pdf", "application/pdf"));

    /* Bundlers put a hash of the content into the name; such a file never changes. */
    private static final Pattern HASHED = Pattern.compile(".*[-.][A-Za-z0-9_-]{8,}\\.[a-z0-9]+$");

    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    private final WebRoot root;

    StaticFiles(WebRoot root) {
        this.root = root;
    }

    Answer answer(HttpMethod method, HttpHeaders headers, String rawPath) {
        if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
            return Answer.problem(HttpResponseStatus.METHOD_NOT_ALLOWED, "method-not-allowed", "only GET and HEAD here")
                    .with(HttpHeaderNames.ALLOW, "GET, HEAD");
        }
        Optional<List<String>> segments = segments(rawPath);
        if (segments.isEmpty()) {
            return notFound();
        }
        try {
            Optional<WebRoot.Resource> found = root.find(segments.get());
            return found.isEmpty() ? notFound() : serve(headers, found.get());
        } catch (WebRoot.TooLargeException e) {
            return Answer.problem(
                    HttpResponseStatus.INTERNAL_SERVER_ERROR, "too-large", "the file is too large to serve");
        } catch (IOException e) {
            return Answer.problem(HttpResponseStatus.INTERNAL_SERVER_ERROR, "unreadable", "the file cannot be read");
        }
    }

    private static Answer serve(HttpHeaders headers, WebRoot.Resource resource) {
        String etag = "W/\"" + Long.toHexString(resource.modifiedMillis()) + "-"
                + Long.toHexString(resource.content().length) + "\"";
        Answer answer = unchanged(headers, etag, resource.modifiedMillis())
                ? Answer.notModified()
                : Answer.of(HttpResponseStatus.OK, type(resource.name()), resource.content());
        boolean immutable =
                HASHED.matcher(resource.name()).matches() && !resource.name().endsWith(".html");
        return answer.with(HttpHeaderNames.ETAG, etag)
                .with(HttpHeaderNames.LAST_MODIFIED, HTTP_DATE.format(Instant.ofEpochMilli(resource.modifiedMillis())))
                .with(HttpHeaderNames.CACHE_CONTROL, immutable ? "public, max-age=31536000, immutable" : "no-cache");
    }

    private static boolean unchanged(HttpHeaders headers, String etag, long modifiedMillis) {
        String ifNoneMatch = headers.get(HttpHeaderNames.IF_NONE_MATCH);
        if (ifNoneMatch != null) {
            return ETags.anyMatches(ifNoneMatch, etag);
        }
        String since = headers.get(HttpHeaderNames.IF_MODIFIED_SINCE);
        if (since == null) {
            return false;
        }
        try {
            return modifiedMillis / 1000 <= Instant.from(HTTP_DATE.parse(since)).getEpochSecond();
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    /** The decoded segments, or empty for a path that no file may have: dot files, climbing, odd characters. */
    static Optional<List<String>> segments(String rawPath) {
        @Nullable String path = Paths.decode(rawPath);
        if (path == null || !path.startsWith("/")) {
            return Optional.empty();
        }
        List<String> segments = new ArrayList<>();
        for (String segment : path.substring(1).split("/", -1)) {
            boolean hidden = segment.startsWith(".") && !segment.equals(".well-known");
            if (hidden || segment.indexOf('\\') >= 0 || segment.indexOf(':') >= 0 || hasControl(segment)) {
                return Optional.empty();
            }
            segments.add(segment);
        }
        for (int i = 0; i < segments.size() - 1; i++) {
            if (segments.get(i).isEmpty()) {
                return Optional.empty();
            }
        }
        return Optional.of(segments);
    }

    private static boolean hasControl(String segment) {
        return segment.chars().anyMatch(Character::isISOControl);
    }

    private static String type(String name) {
        int dot = name.lastIndexOf('.');
        String extension = name.substring(dot + 1).toLowerCase(Locale.ROOT);
        return TYPES.getOrDefault(extension, "application/octet-stream");
    }

    private static Answer notFound() {
        return Answer.problem(HttpResponseStatus.NOT_FOUND, "not-found", "nothing is served here");
    }
}
