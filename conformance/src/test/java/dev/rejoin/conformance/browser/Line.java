package dev.rejoin.conformance.browser;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A line between browsers and a server that can be cut: connections end without a word, as where a proxy restarts. */
final class Line implements AutoCloseable {
    private final ServerSocket listener;
    private final int port;
    private final Set<Socket> ends = ConcurrentHashMap.newKeySet();

    private Line(ServerSocket listener, int port) {
        this.listener = listener;
        this.port = port;
    }

    /** A line to this port of this machine. */
    static Line to(int port) throws IOException {
        Line line = new Line(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), port);
        start(line::accept);
        return line;
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Ends every connection that is open. */
    void cut() throws IOException {
        for (Socket end : ends) {
            end.close();
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket near = listener.accept();
                Socket far = new Socket(InetAddress.getLoopbackAddress(), port);
                ends.add(near);
                ends.add(far);
                start(() -> carry(near, far));
                start(() -> carry(far, near));
            }
        } catch (IOException closed) {
            // the test is over
        }
    }

    private void carry(Socket from, Socket to) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            in.transferTo(out);
        } catch (IOException cut) {
            // both ends are closed, which is what a cut is
        } finally {
            ends.remove(from);
            ends.remove(to);
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "line");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        cut();
    }
}
