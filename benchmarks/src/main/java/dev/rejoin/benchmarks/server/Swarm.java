package dev.rejoin.benchmarks.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The editors of one measurement, all on the calling thread. */
final class Swarm implements AutoCloseable {
    private static final int READ_BYTES = 256 << 10;
    private static final int CARRY_BYTES = 192 << 10;
    private static final int CONNECTING_AT_A_TIME = 64;
    private static final long OPENING_SECONDS = 60;

    private final Contender server;
    private final Selector selector;
    private final ByteBuffer in = ByteBuffer.allocateDirect(READ_BYTES);
    private final byte[] scratch = new byte[CARRY_BYTES + READ_BYTES];
    private final List<Editor> editors = new ArrayList<>();
    private final PriorityQueue<Alarm> alarms = new PriorityQueue<>(Comparator.comparingLong(Alarm::nanos));

    /** What is to be done at some time. */
    @FunctionalInterface
    interface Task {
        /** Returns when it is to be done again, or {@link Long#MAX_VALUE}. */
        long run(long nanos);
    }

    private record Alarm(long nanos, Task task) {}

    Swarm(Contender server) {
        this.server = server;
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An editor that is about to connect. */
    Editor connect(String document, Editor.Listener listener) {
        try {
            Editor editor = new Editor(
                    editors.size(),
                    server.address(),
                    server.path(document),
                    server.dialect(),
                    document,
                    selector,
                    listener);
            editors.add(editor);
            return editor;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** So many editors of one document, all of them synchronised. */
    List<Editor> connectAll(int count, String document, Editor.Listener listener) {
        List<Editor> connected = new ArrayList<>(count);
        while (connected.size() < count) {
            int until = Math.min(count, connected.size() + CONNECTING_AT_A_TIME);
            while (connected.size() < until) {
                connected.add(connect(document, listener));
            }
            await(
                    () -> connected.stream().allMatch(Editor::isSynchronised),
                    "editors of " + server.name() + " to open");
        }
        return connected;
    }

    /** @throws IllegalStateException if it does not happen within a minute, or a connection ends */
    void await(BooleanSupplier done, String what) {
        if (!run(done, OPENING_SECONDS)) {
            throw new IllegalStateException("waited for " + what);
        }
        checkNoneEnded();
    }

    void checkNoneEnded() {
        for (Editor editor : editors) {
            if (editor.ended != null) {
                throw new IllegalStateException(server.name() + ", connection " + editor.number + ": " + editor.ended);
            }
        }
    }

    void at(long nanos, Task task) {
        alarms.add(new Alarm(nanos, task));
    }

    /** Serves sockets and alarms until it is done, but no longer than so many seconds; returns whether it was done. */
    boolean run(BooleanSupplier done, double seconds) {
        long deadline = System.nanoTime() + (long) (seconds * 1e9);
        try {
            while (!done.getAsBoolean()) {
                long now = System.nanoTime();
                if (now >= deadline) {
                    return false;
                }
                long next = deadline;
                while (!alarms.isEmpty()) {
                    Alarm due = alarms.element();
                    if (due.nanos > now) {
                        next = Math.min(next, due.nanos);
                        break;
                    }
                    alarms.remove();
                    long again = due.task.run(now);
                    if (again != Long.MAX_VALUE) {
                        alarms.add(new Alarm(again, due.task));
                    }
                }
                long millis = TimeUnit.NANOSECONDS.toMillis(next - now);
                if (millis == 0) {
                    selector.selectNow(key -> ((Editor) key.attachment()).ready(in, scratch));
                } else {
                    selector.select(key -> ((Editor) key.attachment()).ready(in, scratch), millis);
                }
            }
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Serves sockets and alarms for so many seconds. */
    void run(double seconds) {
        run(() -> false, seconds);
    }

    void close(List<Editor> some) {
        some.forEach(Editor::close);
        editors.removeAll(new java.util.HashSet<>(some));
        run(0.01);
    }

    @Override
    public void close() {
        editors.forEach(Editor::close);
        try {
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
