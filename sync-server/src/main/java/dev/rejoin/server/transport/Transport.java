package dev.rejoin.server.transport;

import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.room.Rooms;
import dev.rejoin.sync.session.ContentLimits;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.session.HocuspocusSession;
import dev.rejoin.sync.session.YWebsocketSession;
import dev.rejoin.sync.wire.ProtocolLimits;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.WriteTimeoutHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one port of a server: WebSocket sessions, documents over HTTP, the operator's paths, and static files. */
public final class Transport implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Transport.class);

    static final String WRITE_TIMEOUT = "write-timeout";
    static final String ROUTER = "router";

    private static final int MAX_REQUEST_LINE_BYTES = 4_096;
    private static final int MAX_HEADER_BYTES = 8_192;
    private static final int HTTP_CHUNK_BYTES = 8_192;
    private static final int ACCEPT_BACKLOG = 1_024;
    private static final long CLOSE_TIMEOUT_MILLIS = 3_000;

    private final TransportOptions options;
    private final Rooms rooms;
    private final Doorkeeper doorkeeper;
    private final DocumentList list;
    private final StatelessListener stateless;
    private final ProtocolLimits limits;
    private final ContentLimits contentLimits;
    private final Endpoints endpoints;
    private final SessionDoor door;
    private final Executor workers;
    private final TimeSource time;
    private final TransportObserver observer;
    private final @Nullable Tls tls;
    private final ConnectionGate gate;
    private final OriginPolicy origins;
    private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Channel listener;

    private Transport(
            EventLoops loops,
            TransportOptions options,
            Rooms rooms,
            AccessPolicy access,
            StatelessListener stateless,
            ProtocolLimits limits,
            Endpoints endpoints,
            Executor workers,
            TimeSource time,
            TransportObserver observer,
            @Nullable Tls tls)
            throws IOException {
        this.options = options;
        this.rooms = rooms;
        this.stateless = stateless;
        this.limits = limits.withMaxFrameBytes(options.maxFrameBytes());
        this.contentLimits = ContentLimits.DEFAULT.withHeartbeatMillis(limits.heartbeatMillis());
        this.endpoints = endpoints;
        this.door = new SessionDoor(endpoints.seal());
        this.workers = workers;
        this.time = time;
        this.observer = observer;
        this.tls = tls;
        this.gate = new ConnectionGate(
                options.maxConnections(),
                options.rates(),
                observer,
                loops.group().next().ticker().nanoTime());
        this.doorkeeper = new Doorkeeper(access, time, gate);
        this.list = new DocumentList(rooms, doorkeeper, workers);
        InetSocketAddress address = new InetSocketAddress(options.host(), options.port());
        if (address.isUnresolved()) {
            throw new BindException(
                    "host '" + options.host() + "' does not resolve: choose one of this machine (--host)");
        }
        this.origins = new OriginPolicy(
                address.getAddress().isLoopbackAddress(), tls != null, options.host(), options.allowedOrigins());
        this.listener = bind(loops, address);
    }

    /**
     * Binds the port and serves.
     *
     * @param loops outlive the transport
     * @param access who may do what; always answers
     * @param stateless hears what applications send beside documents
     * @param limits of the sync protocol, whose heartbeat is that of editors too; the frame size is taken from {@code options}
     * @param workers runs what may block: files, metrics
     * @param time wall clock that clients are told
     * @param tls if given, the port speaks nothing else; stays the caller's
     * @throws BindException if the port cannot be bound; the message says what to do
     */
    public static Transport start(
            EventLoops loops,
            TransportOptions options,
            Rooms rooms,
            AccessPolicy access,
            StatelessListener stateless,
            ProtocolLimits limits,
            Endpoints endpoints,
            Executor workers,
            TimeSource time,
            TransportObserver observer,
            @Nullable Tls tls)
            throws IOException {
        return new Transport(loops, options, rooms, access, stateless, limits, endpoints, workers, time, observer, tls);
    }

    /** How many HTTP requests that asked for a wait are under way. */
    public int parkedRequests() {
        return door.parked();
    }

    /** Where it listens; the port is the real one even if 0 was asked for. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    private Channel bind(EventLoops loops, InetSocketAddress address) throws IOException {
        ChannelFuture bound = new ServerBootstrap()
                .group(loops.group())
                .channel(loops.serverChannel())
                .option(ChannelOption.SO_BACKLOG, ACCEPT_BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(
                        ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(options.writeLowMarkBytes(), options.writeHighMarkBytes()))
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        assemble(channel);
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw unbound(bound.cause());
        }
        return bound.channel();
    }

    /** What the operator can do about it; the cause keeps what the system said. */
    private BindException unbound(Throwable cause) {
        String said = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        String what;
        if (said.contains("in use")) {
            what = "port " + options.port() + " on " + options.host()
                    + " is taken by another program: end that one, or choose another port (--port; 0 takes a free one)";
        } else if (said.contains("permission")) {
            what = "port " + options.port() + " on " + options.host()
                    + " may not be used by this user: choose one above 1023 (--port)";
        } else if (said.contains("assign")) {
            what = "host " + options.host() + " is no address of this machine: choose one that is (--host)";
        } else {
            what = "port " + options.port() + " on " + options.host() + " cannot be listened on: " + cause.getMessage();
        }
        BindException failure = new BindException(what);
        failure.initCause(cause);
        return failure;
    }

    /** The whole pipeline of one connection, from the socket inwards. */
    private void assemble(SocketChannel channel) {
        if (!gate.admit(channel)) {
            channel.close();
            return;
        }
        channels.add(channel);
        HttpDecoderConfig http = new HttpDecoderConfig()
                .setMaxInitialLineLength(MAX_REQUEST_LINE_BYTES)
                .setMaxHeaderSize(MAX_HEADER_BYTES)
                .setMaxChunkSize(HTTP_CHUNK_BYTES);
        DocumentEndpoint documents = new DocumentEndpoint(rooms, doorkeeper, origins, door, workers);
        ChannelPipeline pipeline = channel.pipeline();
        pipeline.addLast("meter", new ConnectionGate.Meter(observer));
        if (tls != null) {
            pipeline.addLast("tls", tls.handler(channel.alloc()));
        }
        pipeline.addLast("http", new HttpServerCodec(http));
        pipeline.addLast("deadline", new PeerDeadline(options, observer));
        pipeline.addLast(WRITE_TIMEOUT, new WriteTimeoutHandler(options.stallMillis(), TimeUnit.MILLISECONDS));
        if (endpoints.exchange() != null) {
            pipeline.addLast(
                    "store", new StoreEndpoint(endpoints.exchange(), doorkeeper, origins, gate, options, observer));
        }
        pipeline.addLast("body", new BodyCollector(options.maxBodyBytes(), observer));
        pipeline.addLast(ROUTER, new HttpRouter(documents, list, endpoints, workers, gate, observer));
        pipeline.addLast("upgrade", new WebSocketUpgrade(options, origins, gate, doorkeeper, new Ends()));
    }

    /** What speaks at the end of each WebSocket. */
    private final class Ends implements WebSocketUpgrade.Connections {
        @Override
        public PeerConnection<?> sync() {
            return new SyncConnection(rooms, doorkeeper, gate, options, limits, observer, time::millis);
        }

        @Override
        public PeerConnection<?> yWebsocket(DocumentName document, String token, Grant admission) {
            return new EditorConnection(
                    rooms,
                    doorkeeper,
                    gate,
                    stateless,
                    options,
                    observer,
                    admission,
                    (effects, now) -> new YWebsocketSession(contentLimits, effects, document, token, now));
        }

        @Override
        public PeerConnection<?> hocuspocus() {
            return new EditorConnection(
                    rooms,
                    doorkeeper,
                    gate,
                    stateless,
                    options,
                    observer,
                    null,
                    (effects, now) -> new HocuspocusSession(contentLimits, effects, now));
        }

        @Override
        public Optional<Wire> peers() {
            return endpoints.peers() == null ? Optional.empty() : Optional.of(new Wire(endpoints.peers()));
        }
    }

    /** Takes no new connections; those that are open go on. */
    public void stopAccepting() {
        listener.close().awaitUninterruptibly(CLOSE_TIMEOUT_MILLIS);
    }

    /**
     * Takes no new connections, and ends the sessions of those that are open one after the other, evenly over a time, each when
     * what it has sent has its verdict. A connection of HTTP is closed with its next answer.
     *
     * @return completes when the last WebSocket is closed
     */
    public CompletionStage<Void> drain(long overMillis) {
        stopAccepting();
        Map<Channel, PeerConnection<?>> peers = new LinkedHashMap<>();
        for (Channel channel : channels) {
            HttpRouter router = channel.pipeline().get(HttpRouter.class);
            // asked for once, since a channel that closes meanwhile has none any more
            PeerConnection<?> peer = channel.pipeline().get(PeerConnection.class);
            if (router != null) {
                router.drain();
            } else if (peer != null) {
                peers.put(channel, peer);
            }
        }
        List<CompletableFuture<Void>> gone = new ArrayList<>();
        peers.forEach((channel, peer) -> {
            CompletableFuture<Void> closed = new CompletableFuture<>();
            channel.closeFuture().addListener(done -> closed.complete(null));
            long turn = overMillis * gone.size() / peers.size();
            channel.eventLoop().schedule(peer::drain, turn, TimeUnit.MILLISECONDS);
            gone.add(closed);
        });
        return CompletableFuture.allOf(gone.toArray(new CompletableFuture<?>[0]));
    }

    /**
     * Stops accepting and closes every connection. Close the {@link Rooms} first, so that sessions hear why; whoever is in no room
     * hears it here.
     */
    @Override
    public void close() {
        CompletionStage<Void> told = drain(0);
        try {
            told.toCompletableFuture().get(CLOSE_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException late) {
            LOG.info("some connections are closed without a farewell");
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        doorkeeper.close();
        channels.close().awaitUninterruptibly(CLOSE_TIMEOUT_MILLIS);
    }
}
