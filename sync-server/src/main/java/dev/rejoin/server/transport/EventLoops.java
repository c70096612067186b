package dev.rejoin.server.transport;

import dev.rejoin.server.room.RoomLoop;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The threads of a server: each runs the sockets and the rooms that fall to it. */
public final class EventLoops implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EventLoops.class);
    private static final long QUIET_MILLIS = 0;
    private static final long CLOSE_TIMEOUT_MILLIS = 5_000;

    private final EventLoopGroup group;
    private final Class<? extends ServerChannel> serverChannel;
    private final Class<? extends Channel> clientChannel;
    private final List<RoomLoop> roomLoops;

    private EventLoops(int threads) {
        boolean epoll = Epoll.isAvailable();
        IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        group = new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory("rejoin-loop"), io);
        serverChannel = epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
        clientChannel = epoll ? EpollSocketChannel.class : NioSocketChannel.class;
        List<RoomLoop> loops = new ArrayList<>();
        for (EventExecutor executor : group) {
            loops.add(new Loop((EventLoop) executor));
        }
        roomLoops = List.copyOf(loops);
    }

    /**
     * Starts the loops.
     *
     * @param threads how many, at least 1; one for each core is a good number
     */
    public static EventLoops start(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, not " + threads);
        }
        return new EventLoops(threads);
    }

    /** The same threads, as the rooms see them. */
    public List<RoomLoop> roomLoops() {
        return roomLoops;
    }

    EventLoopGroup group() {
        return group;
    }

    Class<? extends Channel> clientChannel() {
        return clientChannel;
    }

    Class<? extends ServerChannel> serverChannel() {
        return serverChannel;
    }

    /** Ends the threads; waits at most 5 s for what they are doing. */
    @Override
    public void close() {
        group.shutdownGracefully(QUIET_MILLIS, CLOSE_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(CLOSE_TIMEOUT_MILLIS);
    }

    private record Loop(EventLoop loop) implements RoomLoop {
        @Override
        public void execute(Runnable task) {
            try {
                loop.execute(() -> Crossing.gather(task));
            } catch (RejectedExecutionException e) {
                LOG.debug("the loop has ended; a task is dropped", e);
            }
        }

        @Override
        public Timer schedule(Runnable task, long delayMillis) {
            Future<?> future = loop.schedule(() -> Crossing.gather(task), delayMillis, TimeUnit.MILLISECONDS);
            return () -> future.cancel(false);
        }

        @Override
        public long millis() {
            return TimeUnit.NANOSECONDS.toMillis(loop.ticker().nanoTime());
        }
    }
}
