package dev.rejoin.server.transport;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;

/**
 * Which web pages may open a session or write (cross-site WebSocket hijacking, OWASP): those served from the host that the
 * request names, those on the list, and programs that send no {@code Origin}. A server bound to loopback trusts every
 * page of its own machine.
 */
final class OriginPolicy {
    private final boolean allowAll;
    private final Set<String> allowed;

    OriginPolicy(boolean allowAll, Set<String> allowed) {
        this.allowAll = allowAll;
        this.allowed = allowed;
    }

    boolean allows(HttpRequest request) {
        String origin = request.headers().get(HttpHeaderNames.ORIGIN);
        if (allowAll || origin == null || allowed.contains(origin)) {
            return true;
        }
        String host = request.headers().get(HttpHeaderNames.HOST);
        if (host == null) {
            return false;
        }
        try {
            String authority = new URI(origin).getRawAuthority();
            return authority != null && authority.toLowerCase(Locale.ROOT).equals(host.toLowerCase(Locale.ROOT));
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
