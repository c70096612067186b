package dev.rejoin.server.transport;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which web pages may open a session or write (cross-site WebSocket hijacking, OWASP): those on the list, those of the
 * server's own host, and programs that send no {@code Origin}.
 *
 * <p>A server bound to a loopback address takes pages of loopback hosts for its own, on any port, and of the host it is
 * configured with; the {@code Host} of the request counts for nothing there, so that a page that has its name resolve to this
 * machine (DNS rebinding) stays outside. On another address its own host is the one that the request names; of a server that
 * speaks TLS, pages of that host that came over {@code https} only, because anybody on the way can make up the others.
 */
final class OriginPolicy {
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]");

    private final boolean onLoopback;
    private final boolean secure;
    private final String configuredHost;
    private final Set<String> allowed;

    /**
     * @param onLoopback whether the server listens on a loopback address
     * @param secure whether the server speaks TLS
     * @param configuredHost the name or address it was told to listen on
     */
    OriginPolicy(boolean onLoopback, boolean secure, String configuredHost, Set<String> allowed) {
        this.onLoopback = onLoopback;
        this.secure = secure;
        this.configuredHost = configuredHost.toLowerCase(Locale.ROOT);
        this.allowed = allowed;
    }

    boolean allows(HttpRequest request) {
        String origin = request.headers().get(HttpHeaderNames.ORIGIN);
        if (origin == null || allowed.contains(origin)) {
            return true;
        }
        URI page;
        try {
            page = new URI(origin.toLowerCase(Locale.ROOT));
        } catch (URISyntaxException e) {
            return false;
        }
        if (page.getHost() == null || !("http".equals(page.getScheme()) || "https".equals(page.getScheme()))) {
            return false;
        }
        if (onLoopback) {
            return LOOPBACK.matcher(page.getHost()).matches() || page.getHost().equals(configuredHost);
        }
        if (secure && !"https".equals(page.getScheme())) {
            return false;
        }
        String host = request.headers().get(HttpHeaderNames.HOST);
        return host != null && host.toLowerCase(Locale.ROOT).equals(page.getRawAuthority());
    }
}
