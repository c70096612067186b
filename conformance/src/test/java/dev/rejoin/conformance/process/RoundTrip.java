package dev.rejoin.conformance.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;

/** What a byte takes to the end of a {@link SlowWire} and back on this machine: an echo of TCP, nothing above it. */
public final class RoundTrip {
    private static final int TIMES = 25;

    private RoundTrip() {}

    /** The median over a wire of this delay, in milliseconds. */
    public static double medianMillis(long delayMillis) throws IOException {
        try (ServerSocket end = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                SlowWire wire = new SlowWire(end.getLocalPort(), delayMillis)) {
            Thread echo = new Thread(() -> echo(end), "echo");
            echo.setDaemon(true);
            echo.start();
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), wire.port())) {
                socket.setTcpNoDelay(true);
                OutputStream out = socket.getOutputStream();
                InputStream in = socket.getInputStream();
                double[] millis = new double[TIMES];
                for (int i = 0; i < TIMES; i++) {
                    long began = System.nanoTime();
                    out.write(i);
                    in.read();
                    millis[i] = (System.nanoTime() - began) / 1e6;
                }
                Arrays.sort(millis);
                return millis[TIMES / 2];
            }
        }
    }

    private static void echo(ServerSocket end) {
        try (Socket socket = end.accept()) {
            socket.setTcpNoDelay(true);
            OutputStream out = socket.getOutputStream();
            for (int read = socket.getInputStream().read();
                    read >= 0;
                    read = socket.getInputStream().read()) {
                out.write(read);
            }
        } catch (IOException closed) {
            // nobody measures any more
        }
    }
}
