package dev.rejoin.conformance.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** One address for several servers, as a load balancer gives them: it leads to one of them, and from some moment on to another. */
final class OneName implements AutoCloseable {
    private final ServerSocket front = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Set<Socket> ends = new HashSet<>();
    private int target;
    private volatile boolean isMute;

    OneName(int target) throws IOException {
        this.target = target;
        start(this::accept);
    }

    URI syncUri() {
        return URI.create("ws://127.0.0.1:" + front.getLocalPort() + "/sync");
    }

    /** What the server says from now on is lost; what it is told arrives. */
    void mute() {
        isMute = true;
    }

    /** Ends all connections; who comes again is at the other server, and hears it. */
    synchronized void leadTo(int other) throws IOException {
        for (Socket end : ends) {
            end.close();
        }
        ends.clear();
        target = other;
        isMute = false;
    }

    private void accept() {
        try {
            while (true) {
                open(front.accept());
            }
        } catch (IOException closed) {
            // the test is over
        }
    }

    private synchronized void open(Socket near) throws IOException {
        Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
        ends.addAll(List.of(near, far));
        start(() -> carry(near, far, false));
        start(() -> carry(far, near, true));
    }

    private void carry(Socket from, Socket to, boolean isServers) {
        byte[] buffer = new byte[64 << 10];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                if (!isServers || !isMute) {
                    out.write(buffer, 0, read);
                }
            }
        } catch (IOException closed) {
            // one end has gone, and the other goes with it
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "one-name");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public synchronized void close() throws IOException {
        front.close();
        for (Socket end : ends) {
            end.close();
        }
    }
}
