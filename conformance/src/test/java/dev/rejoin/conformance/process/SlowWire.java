package dev.rejoin.conformance.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * A port on the way to another one, over which each byte takes a while, in both directions; the end of a connection takes as long.
 *
 * <p>A thread of each direction waits for the next piece that is due. {@code Thread.sleep} rounds up to whole milliseconds before JDK 21, so it parks, and wakes a
 * little too early for the rest. What a round trip really takes on this machine {@link RoundTrip} measures.
 */
public final class SlowWire implements AutoCloseable {
    private record Chunk(long dueNanos, byte[] bytes) {}

    private static final byte[] END = {};

    /* Longer than the kernel's timers are late, as a rule: 50 µs and a wake-up. */
    private static final long AWAKE_NANOS = 150_000;

    private final ServerSocket front = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final int target;
    private volatile long delayNanos;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    public SlowWire(int target, long delayMillis) throws IOException {
        this.target = target;
        delay(delayMillis);
        start(this::accept);
    }

    /** From now on a byte takes so long, also on connections that are there; none overtakes those before it. */
    public void delay(long millis) {
        delayNanos = millis * 1_000_000;
    }

    public int port() {
        return front.getLocalPort();
    }

    private static void start(Runnable body) {
        Thread thread = new Thread(body, "slow-wire");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (true) {
                Socket near = front.accept();
                Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
                sockets.addAll(List.of(near, far));
                near.setTcpNoDelay(true);
                far.setTcpNoDelay(true);
                carry(near, far);
                carry(far, near);
            }
        } catch (IOException closed) {
            // the wire is taken away
        }
    }

    private void carry(Socket from, Socket to) {
        BlockingQueue<Chunk> underWay = new LinkedBlockingQueue<>();
        start(() -> {
            byte[] buffer = new byte[64 << 10];
            try (InputStream in = from.getInputStream()) {
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    underWay.add(new Chunk(System.nanoTime() + delayNanos, Arrays.copyOf(buffer, read)));
                }
            } catch (IOException closed) {
                // told to the other end below
            }
            underWay.add(new Chunk(System.nanoTime() + delayNanos, END));
        });
        start(() -> {
            try (OutputStream out = to.getOutputStream()) {
                for (Chunk next = due(underWay); next.bytes() != END; next = due(underWay)) {
                    out.write(next.bytes());
                }
            } catch (IOException closed) {
                // nobody listens any more
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** The next piece, as soon as it is due. */
    private static Chunk due(BlockingQueue<Chunk> underWay) throws InterruptedException {
        Chunk next = underWay.take();
        for (long left = next.dueNanos() - System.nanoTime(); left > 0; left = next.dueNanos() - System.nanoTime()) {
            if (left > AWAKE_NANOS) {
                LockSupport.parkNanos(left - AWAKE_NANOS);
            } else {
                Thread.onSpinWait();
            }
        }
        return next;
    }

    @Override
    public void close() throws IOException {
        front.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
