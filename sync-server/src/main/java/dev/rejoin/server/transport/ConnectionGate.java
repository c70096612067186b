package dev.rejoin.server.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.FileRegion;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the open sockets, in all and by where they come from, and turns away those beyond the bounds. */
final class ConnectionGate {
    private static final int IPV6_NETWORK_BYTES = 8;

    private final int maxConnections;
    private final int maxConnectionsPerAddress;
    private final TransportObserver observer;
    private final AtomicInteger open = new AtomicInteger();
    private final ConcurrentHashMap<ByteBuffer, Integer> byAddress = new ConcurrentHashMap<>();

    ConnectionGate(int maxConnections, int maxConnectionsPerAddress, TransportObserver observer) {
        this.maxConnections = maxConnections;
        this.maxConnectionsPerAddress = maxConnectionsPerAddress;
        this.observer = observer;
    }

    /** Whether this channel may stay; if so it is counted until it closes. */
    boolean admit(Channel channel) {
        if (open.incrementAndGet() > maxConnections) {
            open.decrementAndGet();
            observer.connectionRefused();
            return false;
        }
        ByteBuffer origin = origin(channel);
        if (origin != null && byAddress.merge(origin, 1, Integer::sum) > maxConnectionsPerAddress) {
            leave(origin);
            open.decrementAndGet();
            observer.connectionRefused();
            return false;
        }
        observer.connectionOpened();
        channel.closeFuture().addListener(closed -> {
            open.decrementAndGet();
            if (origin != null) {
                leave(origin);
            }
            observer.connectionClosed();
        });
        return true;
    }

    private void leave(ByteBuffer origin) {
        byAddress.computeIfPresent(origin, (key, count) -> count == 1 ? null : count - 1);
    }

    private static @org.jspecify.annotations.Nullable ByteBuffer origin(Channel channel) {
        if (!(channel.remoteAddress() instanceof InetSocketAddress remote)) {
            return null;
        }
        InetAddress address = remote.getAddress();
        if (address == null || address.isLoopbackAddress()) {
            return null;
        }
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
