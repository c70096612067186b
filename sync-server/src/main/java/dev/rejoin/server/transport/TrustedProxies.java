package dev.rejoin.server.transport;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whom a request comes from when it came through proxies that are known. Each of them adds at the end of
 * {@code X-Forwarded-For} or {@code Forwarded} (RFC 7239) where it was asked from, so the last one there that is no such proxy is
 * the client; what stands before, the client may have made up. If both headers are there and differ, one of them is made up,
 * and the request counts as the proxy's own.
 */
final class TrustedProxies {
    private static final String X_FORWARDED_FOR = "x-forwarded-for";
    private static final String FORWARDED = "forwarded";
    private static final int MAX_HOPS = 32;

    private final List<IpSubnetFilterRule> networks = new ArrayList<>();

    TrustedProxies(Set<String> addresses) {
        addresses.forEach(address -> networks.add(network(address)));
    }

    /**
     * The network that a text like {@code 10.0.0.0/8} or {@code ::1} says.
     *
     * @throws IllegalArgumentException if it says none
     */
    static IpSubnetFilterRule network(String text) {
        int slash = text.indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        if (bytes == null) {
            throw new IllegalArgumentException("\"" + text + "\" is neither an address nor a network");
        }
        int most = 8 * bytes.length;
        int prefix = slash < 0 ? most : Integer.parseInt(text.substring(slash + 1));
        if (prefix < 0 || prefix > most) {
            throw new IllegalArgumentException("\"" + text + "\" has a prefix of more than " + most + " bits");
        }
        return new IpSubnetFilterRule(of(bytes), prefix, IpFilterRuleType.ACCEPT);
    }

    boolean contains(InetAddress address) {
        InetSocketAddress place = new InetSocketAddress(address, 0);
        for (IpSubnetFilterRule network : networks) {
            if (network.matches(place)) {
                return true;
            }
        }
        return false;
    }

    /** Whom a request comes from that came over a socket from {@code peer}. */
    InetAddress client(InetAddress peer, HttpHeaders headers) {
        if (networks.isEmpty() || !contains(peer)) {
            return peer;
        }
        InetAddress told = last(peer, hops(headers.getAll(X_FORWARDED_FOR)));
        if (headers.contains(FORWARDED)) {
            InetAddress forwarded = last(peer, forwardedHops(headers.getAll(FORWARDED)));
            if (headers.contains(X_FORWARDED_FOR) && !forwarded.equals(told)) {
                return peer;
            }
            return forwarded;
        }
        return told;
    }

    /** From the end: the first that is not trusted. */
    private InetAddress last(InetAddress peer, List<String> hops) {
        InetAddress known = peer;
        for (int i = hops.size() - 1; i >= Math.max(0, hops.size() - MAX_HOPS); i--) {
            InetAddress hop = address(hops.get(i));
            if (hop == null) {
                return known;
            }
            known = hop;
            if (!contains(hop)) {
                return hop;
            }
        }
        return known;
    }

    private static List<String> hops(List<String> headers) {
        List<String> hops = new ArrayList<>();
        for (String header : headers) {
            for (String hop : header.split(",", -1)) {
                hops.add(hop.trim());
            }
        }
        return hops;
    }

    private static List<String> forwardedHops(List<String> headers) {
        List<String> hops = new ArrayList<>();
        for (String element : hops(headers)) {
            String hop = "";
            for (String pair : element.split(";", -1)) {
                String trimmed = pair.trim();
                if (trimmed.regionMatches(true, 0, "for=", 0, 4)) {
                    hop = trimmed.substring(4);
                }
            }
            boolean quoted = hop.length() > 1 && hop.startsWith("\"") && hop.endsWith("\"");
            hops.add(quoted ? hop.substring(1, hop.length() - 1) : hop);
        }
        return hops;
    }

    /** An address with or without a port; null if it is something else, like a name or {@code unknown}. */
    static @Nullable InetAddress address(String hop) {
        String host = hop;
        if (hop.startsWith("[")) {
            int end = hop.indexOf(']');
            host = end < 0 ? "" : hop.substring(1, end);
        } else if (hop.indexOf(':') >= 0 && hop.indexOf(':') == hop.lastIndexOf(':')) {
            host = hop.substring(0, hop.indexOf(':'));
        }
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(host);
        return bytes == null ? null : of(bytes);
    }

    private static InetAddress of(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException wrongLength) {
            throw new AssertionError("an address has 4 or 16 bytes", wrongLength);
        }
    }
}
