package dev.rejoin.server;

import dev.rejoin.crdt.DeltaLimits;
import dev.rejoin.crdt.clock.TimeSource;
import dev.rejoin.crdt.yjs.UpdateLimits;
import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.room.ContentValidator;
import dev.rejoin.server.room.MutationValidator;
import dev.rejoin.server.room.RoomKit;
import dev.rejoin.server.room.RoomObserver;
import dev.rejoin.server.room.RoomOptions;
import dev.rejoin.server.room.Rooms;
import dev.rejoin.server.storage.DeltaLog;
import dev.rejoin.server.storage.LogBounds;
import dev.rejoin.server.storage.LogClock;
import dev.rejoin.server.storage.LogObserver;
import dev.rejoin.server.storage.LogWriter;
import dev.rejoin.server.storage.MemoryDeltaLog;
import dev.rejoin.server.transport.Endpoints;
import dev.rejoin.server.transport.EventLoops;
import dev.rejoin.server.transport.StatelessListener;
import dev.rejoin.server.transport.Transport;
import dev.rejoin.server.transport.TransportObserver;
import dev.rejoin.server.transport.TransportOptions;
import dev.rejoin.server.transport.WebRoot;
import dev.rejoin.sync.awareness.AwarenessLimits;
import dev.rejoin.sync.wire.AckLevel;
import dev.rejoin.sync.wire.ProtocolLimits;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Rooms, log and transport put together on a free port of loopback, with the parts that tests vary. */
final class TestServer implements AutoCloseable {
    private static final List<String> LEAKS = new CopyOnWriteArrayList<>();

    static {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new ResourceLeakDetectorFactory() {
            @Override
            @SuppressWarnings("deprecation")
            public <T> ResourceLeakDetector<T> newResourceLeakDetector(Class<T> type, int interval, long maxActive) {
                return new ResourceLeakDetector<>(type, 1) {
                    @Override
                    protected void reportTracedLeak(String resourceType, String records) {
                        LEAKS.add(resourceType + records);
                    }

                    @Override
                    protected void reportUntracedLeak(String resourceType) {
                        LEAKS.add(resourceType);
                    }
                };
            }
        });
    }

    /** What a test may vary. */
    static final class Setup {
        DeltaLog log = new MemoryDeltaLog();
        MutationValidator validator = MutationValidator.ACCEPT_ALL;
        ContentValidator contentValidator = ContentValidator.ACCEPT_ALL;
        RoomOptions rooms = RoomOptions.DEFAULTS;
        TransportOptions transport = TransportOptions.DEFAULTS.withAddress("127.0.0.1", 0);
        ProtocolLimits limits = ProtocolLimits.DEFAULT;
        AccessPolicy access = AccessPolicy.OPEN;

        @Nullable
        WebRoot web;
    }

    final AtomicInteger fellBehind = new AtomicInteger();
    final AtomicInteger resynced = new AtomicInteger();
    final AtomicInteger timedOut = new AtomicInteger();
    final List<String> limited = new CopyOnWriteArrayList<>();
    final Rooms rooms;
    private final EventLoops loops;
    private final ScheduledExecutorService writerThread = Executors.newSingleThreadScheduledExecutor();
    private final ExecutorService workers = Executors.newFixedThreadPool(2);
    private final LogWriter writer;
    private final Transport transport;

    TestServer(Setup setup) throws IOException {
        loops = EventLoops.start(2);
        writer = LogWriter.open(
                setup.log,
                new LogClock() {
                    @Override
                    public long millis() {
                        return System.currentTimeMillis();
                    }

                    @Override
                    public long nanos() {
                        return System.nanoTime();
                    }
                },
                new Random().nextLong(),
                (task, after) -> writerThread.schedule(task, after, TimeUnit.NANOSECONDS),
                workers,
                LogBounds.DEFAULT,
                new LogObserver() {});
        RoomKit kit = new RoomKit(
                new LogBridge(writer, 0x10900L, workers),
                setup.validator,
                setup.contentValidator,
                setup.rooms,
                new DeltaLimits(1 << 20, 4_096, 65_536, 65_536, 4_096),
                UpdateLimits.DEFAULT,
                AwarenessLimits.DEFAULT,
                TimeSource.system(),
                new Random(),
                AckLevel.DURABLE,
                new RoomObserver() {
                    @Override
                    public void fellBehind() {
                        fellBehind.incrementAndGet();
                    }

                    @Override
                    public void resynced() {
                        resynced.incrementAndGet();
                    }
                });
        rooms = new Rooms(loops.roomLoops(), kit);
        Endpoints endpoints = new Endpoints(() -> true, writer::isReady, () -> "rejoin_up 1\n", setup.web, null);
        transport = Transport.start(
                loops,
                setup.transport,
                rooms,
                setup.access,
                StatelessListener.NONE,
                setup.limits,
                endpoints,
                workers,
                TimeSource.system(),
                new TransportObserver() {
                    @Override
                    public void rateLimited(String of, String what) {
                        limited.add(of + " " + what);
                    }

                    @Override
                    public void peerTimedOut() {
                        timedOut.incrementAndGet();
                    }
                },
                null);
    }

    /** A log that a second server can be started on when the first has closed it. */
    static DeltaLog reopenable(DeltaLog log) {
        return (DeltaLog) Proxy.newProxyInstance(
                DeltaLog.class.getClassLoader(), new Class<?>[] {DeltaLog.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("close")) {
                        return null;
                    }
                    try {
                        return method.invoke(log, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    static TestServer start() throws IOException {
        return new TestServer(new Setup());
    }

    int port() {
        return transport.address().getPort();
    }

    URI http(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }

    URI sync() {
        return URI.create("ws://127.0.0.1:" + port() + "/sync");
    }

    @Override
    public void close() throws Exception {
        rooms.close().toCompletableFuture().get(60, TimeUnit.SECONDS);
        transport.close();
        loops.close();
        writer.close();
        writerThread.shutdown();
        workers.shutdown();
        if (!LEAKS.isEmpty()) {
            throw new AssertionError("leaked buffers: " + LEAKS);
        }
    }
}
