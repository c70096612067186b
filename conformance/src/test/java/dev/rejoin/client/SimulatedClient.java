package dev.rejoin.client;

import dev.rejoin.client.outbox.Outbox;
import dev.rejoin.client.outbox.OutboxRecord;
import dev.rejoin.client.outbox.SavedClient;
import dev.rejoin.client.transport.Connector;
import dev.rejoin.server.room.ManualLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** A real client in the time of a simulation, with a disk that keeps what was forced when the client crashes. */
public final class SimulatedClient {
    private final List<Servers.Server> servers = new ArrayList<>();
    private final Duration moveAfter;
    private final Random random;
    private final Disk disk = new Disk();
    private final ManualLoop steps = new ManualLoop();
    private Loop loop = new Loop(steps);
    private SyncClient client;

    /**
     * @param judges what the client takes the servers for
     * @param connectors to the same servers
     */
    public SimulatedClient(List<String> judges, List<Connector> connectors, Duration moveAfter, long seed) {
        for (int i = 0; i < judges.size(); i++) {
            servers.add(new Servers.Server(judges.get(i), connectors.get(i)));
        }
        this.moveAfter = moveAfter;
        this.random = new Random(seed);
        this.client = open();
    }

    private SyncClient open() {
        return SyncClient.builder()
                .document("d")
                .servers(servers)
                .moveAfter(moveAfter)
                .timeSource(steps::millis)
                .simulated(disk, loop, random)
                .build();
    }

    public SyncClient client() {
        return client;
    }

    /** Runs what is to be done now. */
    public void run() {
        steps.run();
    }

    public void pass(long millis) {
        steps.pass(millis);
    }

    /** The process ends in the midst of it, and begins anew with what the disk has kept. */
    public void crash() {
        loop.shutdown();
        disk.unforced.clear();
        loop = new Loop(steps);
        client = open();
    }

    /** What one process does; the time goes on after it. */
    private static final class Loop implements LoopThread {
        private final ManualLoop steps;
        private boolean ended;

        Loop(ManualLoop steps) {
            this.steps = steps;
        }

        @Override
        public void execute(Runnable task) {
            if (ended) {
                throw new RejectedExecutionException("crashed");
            }
            steps.execute(task);
        }

        @Override
        public Timer schedule(Runnable task, long millis) {
            return ended ? () -> {} : steps.schedule(task, millis)::cancel;
        }

        @Override
        public long millis() {
            return steps.millis();
        }

        @Override
        public boolean isShutdown() {
            return ended;
        }

        @Override
        public void shutdown() {
            ended = true;
            steps.forget();
        }
    }

    private static final class Disk implements Outbox {
        private @Nullable SavedClient state;
        private final List<OutboxRecord> forced = new ArrayList<>();
        private final List<OutboxRecord> unforced = new ArrayList<>();

        @Override
        public Optional<SavedClient> load() {
            return Optional.ofNullable(state).map(saved -> saved.replay(forced));
        }

        @Override
        public void rewrite(SavedClient whole) {
            state = whole;
            forced.clear();
            unforced.clear();
        }

        @Override
        public void append(OutboxRecord record) {
            unforced.add(record);
        }

        @Override
        public void force() {
            forced.addAll(unforced);
            unforced.clear();
        }

        @Override
        public boolean wantsRewrite() {
            return forced.size() > 20;
        }

        @Override
        public boolean isDurable() {
            return true;
        }

        @Override
        public void close() {}
    }
}
