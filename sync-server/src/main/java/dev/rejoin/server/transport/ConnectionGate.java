package dev.rejoin.server.transport;

import dev.rejoin.server.access.Principal;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.FileRegion;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Knows whom connections come from: counts the open sockets, in all and by address, turns away those beyond the bounds, and keeps
 * the accounts of addresses and principals. A socket from a trusted proxy counts in all only; what comes through it counts
 * where the proxy says that it comes from.
 */
final class ConnectionGate {
    /** What somebody is told who has too many connections, or opens them too fast. */
    static final String TOO_MANY = "too many connections; close some, or come again later";

    private static final int IPV6_NETWORK_BYTES = 8;

    private final int maxConnections;
    private final TrustedProxies proxies;
    private final TransportObserver observer;
    private final AtomicInteger open = new AtomicInteger();
    private final Accounts<ByteBuffer> addresses;
    private final Accounts<String> principals;

    ConnectionGate(int maxConnections, RateLimits limits, TransportObserver observer, long nowNanos) {
        this.maxConnections = maxConnections;
        this.proxies = new TrustedProxies(limits.trustedProxies());
        this.observer = observer;
        this.addresses = new Accounts<>(now -> new Account("address", limits.address(), now, observer), nowNanos);
        this.principals = new Accounts<>(now -> new Account("principal", limits.principal(), now, observer), nowNanos);
    }

    /** Whether this channel may stay; if so it is counted until it closes. */
    boolean admit(Channel channel) {
        if (open.incrementAndGet() > maxConnections) {
            open.decrementAndGet();
            observer.connectionRefused();
            return false;
        }
        InetAddress peer = peer(channel);
        if (peer != null && !proxies.contains(peer) && !connect(channel, peer)) {
            open.decrementAndGet();
            observer.connectionRefused();
            return false;
        }
        observer.connectionOpened();
        channel.closeFuture().addListener(closed -> {
            open.decrementAndGet();
            observer.connectionClosed();
        });
        return true;
    }

    /** A WebSocket is asked for, maybe through a proxy; whether whoever asks may have one more connection. */
    boolean admitUpgrade(Channel channel, HttpHeaders headers) {
        InetAddress peer = peer(channel);
        return peer == null || !proxies.contains(peer) || connect(channel, proxies.client(peer, headers));
    }

    /** Whom a request comes from. */
    Caller caller(Channel channel, HttpHeaders headers) {
        InetAddress peer = peer(channel);
        if (peer == null || !proxies.contains(peer)) {
            return Caller.of(channel);
        }
        InetAddress client = proxies.client(peer, headers);
        return new Caller(
                client.getHostAddress(),
                client.isLoopbackAddress() ? Account.UNBOUNDED : addresses.of(network(client), now(channel)));
    }

    /** The account of somebody, for one request. */
    Account account(Principal principal, long nowNanos) {
        return principal.isAnonymous() ? Account.UNBOUNDED : principals.of(principal.id(), nowNanos);
    }

    /** Opens one more connection of somebody, until the channel closes; null if that is not possible now. */
    @Nullable
    Account connect(Channel channel, Principal principal) {
        if (principal.isAnonymous()) {
            return Account.UNBOUNDED;
        }
        Account account = principals.connect(principal.id(), now(channel));
        if (account != null) {
            channel.closeFuture().addListener(closed -> account.disconnect());
        }
        return account;
    }

    /** How many strangers there are accounts of. */
    int accounts() {
        return addresses.size() + principals.size();
    }

    private boolean connect(Channel channel, InetAddress client) {
        Account account =
                client.isLoopbackAddress() ? Account.UNBOUNDED : addresses.connect(network(client), now(channel));
        if (account == null) {
            return false;
        }
        new Caller(client.getHostAddress(), account).has(channel);
        if (account != Account.UNBOUNDED) {
            channel.closeFuture().addListener(closed -> account.disconnect());
        }
        return true;
    }

    static long now(Channel channel) {
        return channel.eventLoop().ticker().nanoTime();
    }

    private static @Nullable InetAddress peer(Channel channel) {
        return channel.remoteAddress() instanceof InetSocketAddress remote ? remote.getAddress() : null;
    }

    private static ByteBuffer network(InetAddress address) {
        byte[] bytes = address.getAddress();
        return ByteBuffer.wrap(bytes.length > 4 ? Arrays.copyOf(bytes, IPV6_NETWORK_BYTES) : bytes);
    }

    /** Counts the bytes of one channel. */
    static final class Meter extends ChannelDuplexHandler {
        private final TransportObserver observer;

        Meter(TransportObserver observer) {
            this.observer = observer;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (message instanceof ByteBuf bytes) {
                observer.bytesRead(bytes.readableBytes());
            }
            ctx.fireChannelRead(message);
        }

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            if (message instanceof ByteBuf bytes) {
                observer.bytesWritten(bytes.readableBytes());
            } else if (message instanceof FileRegion region) {
                observer.bytesWritten(region.count());
            }
            ctx.write(message, promise);
        }
    }
}
