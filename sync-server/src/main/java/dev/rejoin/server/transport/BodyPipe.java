package dev.rejoin.server.transport;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The body of a request for a thread that may wait for it: the socket's loop puts parts in, the thread reads them. Bounded. */
final class BodyPipe extends InputStream {
    static final int FULL_BYTES = 1 << 20;

    private final Runnable drained;
    private final ArrayDeque<byte[]> parts = new ArrayDeque<>(); // the rest is guarded by this
    private int waitingBytes;
    private int at;
    private boolean full;
    private boolean ended;
    private @Nullable String broken;

    /** @param drained called when there is space again after {@link #put} has said that there is none */
    BodyPipe(Runnable drained) {
        this.drained = drained;
    }

    /** The rest of the body will not come. */
    static final class BrokenOffException extends IOException {
        private static final long serialVersionUID = 1;

        BrokenOffException(String message) {
            super(message);
        }
    }

    /** Whether there is space for more. Once it has said that there is none, there is none until {@code drained} is called. */
    synchronized boolean put(byte[] part) {
        if (part.length > 0) {
            parts.add(part);
            waitingBytes += part.length;
            notifyAll();
        }
        full |= waitingBytes >= FULL_BYTES;
        return !full;
    }

    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** The rest will not come. */
    synchronized void breakOff(String why) {
        broken = why;
        parts.clear();
        notifyAll();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        boolean space = false;
        int count;
        synchronized (this) {
            while (parts.isEmpty() && !ended && broken == null) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted", e);
                }
            }
            if (broken != null) {
                throw new BrokenOffException(broken);
            }
            byte[] first = parts.peek();
            if (first == null) {
                return -1;
            }
            count = Math.min(length, first.length - at);
            System.arraycopy(first, at, into, offset, count);
            at += count;
            if (at == first.length) {
                parts.remove();
                at = 0;
                waitingBytes -= first.length;
                space = full && waitingBytes < FULL_BYTES / 2;
                full &= !space;
            }
        }
        if (space) {
            drained.run();
        }
        return count;
    }
}
