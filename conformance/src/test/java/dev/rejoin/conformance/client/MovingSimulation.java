package dev.rejoin.conformance.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.client.ConnectionStatus;
import dev.rejoin.client.Rejection;
import dev.rejoin.client.SimulatedClient;
import dev.rejoin.client.SyncClient;
import dev.rejoin.client.WriteHandle;
import dev.rejoin.client.WriteState;
import dev.rejoin.client.transport.Connection;
import dev.rejoin.client.transport.ConnectionListener;
import dev.rejoin.client.transport.Connector;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.server.room.Admitted;
import dev.rejoin.server.room.MutationValidator;
import dev.rejoin.server.room.SimulatedServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * Real clients that move between two and three real servers, each a judge with a log of its own, over a network that is cut, with servers and clients that crash, from a
 * seed. When all is connected again: no write counts twice, none that was accepted is lost, nothing that was refused shows, and what is still in doubt has happened nowhere. {@code
 * -Drejoin.seed=N} runs one schedule, {@code -Drejoin.schedules=N} so many.
 */
class MovingSimulation {
    private static final int SCHEDULES = Integer.getInteger("rejoin.schedules", 100);
    private static final int STEPS = 120;
    private static final int MAX_INCREMENTS = 30;

    /** What is done wrong on purpose. */
    private enum Control {
        NONE,
        /** The client takes all servers for one judge. */
        TWO_JUDGES,
        /** Servers forget what they refuse. */
        DROPPED
    }

    @Test
    void noWriteCountsTwiceNoneThatWasAcceptedIsLostAndNothingRefusedLeaks() {
        Long only = Long.getLong("rejoin.seed");
        long first = only == null ? 1 : only;
        long last = only == null ? SCHEDULES : only;
        int doubts = 0;
        int refused = 0;
        int untold = 0;
        for (long seed = first; seed <= last; seed++) {
            Schedule schedule = new Schedule(seed, Control.NONE);
            try {
                schedule.run();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + "; replay with -Drejoin.seed=" + seed, e);
            }
            doubts += schedule.doubts;
            refused += schedule.refused;
            untold += schedule.untold;
        }
        System.out.println(SCHEDULES + " schedules from seed " + first + ": " + doubts + " writes were in doubt, of "
                + untold + " no server ever heard; " + refused + " were refused");
        assertTrue(only != null || doubts > 0 && refused > 0, doubts + ", " + untold + ", " + refused);
    }

    @Test
    void twoJudgesForOneDotAreCaught() {
        caught(Control.TWO_JUDGES);
    }

    @Test
    void droppingWhatIsRefusedInsteadOfVoidingItIsCaught() {
        caught(Control.DROPPED);
    }

    private static void caught(Control control) {
        for (long seed = 1; seed <= SCHEDULES; seed++) {
            try {
                new Schedule(seed, control).run();
            } catch (AssertionError expected) {
                return;
            }
        }
        throw new AssertionError("nothing was noticed in " + SCHEDULES + " schedules");
    }

    private record Entry(int from, int to, Admitted admitted) {}

    /** One write of a client: what to look for, and what the client has heard of it. */
    private static final class Write {
        final int client;
        final long amount;
        final String tag;
        final WriteHandle handle;
        boolean wasDoubtful;
        /* Lost with the process before it was saved: as if never made. */
        boolean unmade;

        Write(int client, long amount, String tag, WriteHandle handle) {
            this.client = client;
            this.amount = amount;
            this.tag = tag;
            this.handle = handle;
        }
    }

    private static final class Schedule {
        final Random random;
        final Control control;
        final List<SimulatedServer> servers = new ArrayList<>();
        final List<SimulatedClient> clients = new ArrayList<>();
        final List<Entry> network = new ArrayList<>();
        final List<Write> writes = new ArrayList<>();
        int increments;
        int doubts;
        int refused;
        int untold;

        Schedule(long seed, Control control) {
            this.control = control;
            random = new Random(seed);
            int count = 2 + random.nextInt(2);
            for (int i = 0; i < count; i++) {
                int number = i;
                Consumer<Admitted> tell = entry -> {
                    for (int to = 0; to < count; to++) {
                        if (to != number) {
                            network.add(new Entry(number, to, entry));
                        }
                    }
                };
                servers.add(new SimulatedServer(i, seed, validator(i), control == Control.DROPPED, tell));
            }
            for (int i = 0; i < 2; i++) {
                List<String> judges = new ArrayList<>();
                List<Connector> connectors = new ArrayList<>();
                for (int j = 0; j < count; j++) {
                    int at = (i + j) % count;
                    judges.add(control == Control.TWO_JUDGES ? "one" : "server " + at);
                    connectors.add(listener -> connect(servers.get(at), listener));
                }
                clients.add(new SimulatedClient(judges, connectors, Duration.ofMillis(100), seed * 10 + i));
            }
        }

        /** Refuses the tag "forbidden" everywhere, and "unwanted" at one server only; that one comes with an increment always, so it is never issued again. */
        private static MutationValidator validator(int number) {
            return change -> {
                for (Mutation mutation : change.mutations()) {
                    String value = String.valueOf(mutation.value());
                    if (value.startsWith("forbidden") || value.startsWith("unwanted " + number)) {
                        return MutationValidator.Decision.reject("content-rejected", "no");
                    }
                }
                return MutationValidator.Decision.accept();
            };
        }

        private static void connect(SimulatedServer server, ConnectionListener listener) {
            SimulatedServer.Link link = server.connect(new SimulatedServer.Peer() {
                @Override
                public void message(byte[] message) {
                    listener.message(message);
                }

                @Override
                public void closed(int code, String reason) {
                    listener.closed(code, reason);
                }
            });
            if (link == null) {
                listener.closed(1006, "down");
                return;
            }
            listener.opened(new Connection() {
                @Override
                public void send(byte[] message) {
                    link.sent(message);
                }

                @Override
                public void next() {}

                @Override
                public void close(int code, String reason) {
                    link.end(code, reason);
                }
            });
        }

        void run() {
            settle();
            for (int step = 0; step < STEPS; step++) {
                SimulatedServer server = servers.get(random.nextInt(servers.size()));
                int client = random.nextInt(clients.size());
                switch (random.nextInt(20)) {
                    case 0, 1, 2, 3 -> write(client);
                    case 4, 5, 6, 7, 8, 9 -> carry();
                    case 10 -> server.run();
                    case 11, 12 -> server.commit();
                    case 13 -> pass(random.nextInt(400));
                    case 14 -> server.cut();
                    case 15 -> server.down(!server.isDown());
                    case 16, 17 -> replicate();
                    case 18 -> {
                        if (random.nextInt(3) == 0) {
                            server.crash();
                        }
                    }
                    default -> {
                        if (random.nextInt(3) == 0) {
                            crash(client);
                        }
                    }
                }
                clients.get(client).run();
                look();
            }
            servers.forEach(server -> server.down(false));
            settle();
            verify();
        }

        void write(int at) {
            SyncClient client = clients.get(at).client();
            int number = writes.size();
            boolean counts = increments < MAX_INCREMENTS && random.nextInt(3) > 0;
            long amount = counts ? 1L << 2 * increments++ : 0;
            String tag = "";
            if (!counts || random.nextBoolean()) {
                tag = switch (random.nextInt(5)) {
                    case 0 -> "forbidden ";
                    case 1 -> counts ? "unwanted " + random.nextInt(servers.size()) + " " : "";
                    default -> "";
                };
                tag += "t" + number;
            }
            String added = tag;
            writes.add(new Write(at, amount, tag, client.write(document -> {
                if (amount > 0) {
                    document.counter("likes").increment(amount);
                }
                if (!added.isEmpty()) {
                    document.set("tags", ValueCodec.STRING).add(added);
                }
                document.register("last", ValueCodec.STRING).set("w" + number);
            })));
        }

        void crash(int at) {
            for (Write write : writes) {
                write.unmade |= write.client == at && write.handle.state() == WriteState.LOCAL;
            }
            clients.get(at).crash();
        }

        void pass(long millis) {
            servers.forEach(server -> server.pass(millis));
            clients.forEach(client -> client.pass(millis));
        }

        /** One message on one link, either way. */
        void carry() {
            List<SimulatedServer.Link> links = new ArrayList<>();
            servers.forEach(server -> links.addAll(server.links()));
            if (!links.isEmpty()) {
                carry(links.get(random.nextInt(links.size())), random.nextBoolean());
            }
        }

        boolean carry(SimulatedServer.Link link, boolean up) {
            if (up && link.hasUp()) {
                link.arriveUp();
                return true;
            }
            if (!up && link.hasDown()) {
                link.arriveDown();
                return true;
            }
            return false;
        }

        void replicate() {
            if (network.isEmpty()) {
                return;
            }
            int index = random.nextInt(network.size());
            Entry entry = random.nextInt(5) == 0 ? network.get(index) : network.remove(index);
            if (random.nextInt(4) > 0) {
                servers.get(entry.to()).take(entry.admitted());
            } else {
                servers.get(entry.to()).pull(servers.get(entry.from()));
            }
        }

        /** Counts the doubts that there have been. */
        void look() {
            for (Write write : writes) {
                if (!write.wasDoubtful && write.handle.state() == WriteState.IN_DOUBT) {
                    write.wasDoubtful = true;
                    doubts++;
                }
            }
        }

        /** Lets everything arrive everywhere, for a minute. */
        void settle() {
            for (int round = 0; round < 120 && !isQuiet(); round++) {
                boolean any = true;
                while (any) {
                    any = false;
                    for (SimulatedServer server : servers) {
                        for (SimulatedServer.Link link : server.links()) {
                            while (carry(link, true) || carry(link, false)) {
                                any = true;
                            }
                        }
                        server.commit();
                    }
                    for (SimulatedClient client : clients) {
                        client.run();
                    }
                }
                for (SimulatedServer to : servers) {
                    for (SimulatedServer from : servers) {
                        if (to != from) {
                            to.pull(from);
                        }
                    }
                }
                pass(500);
                look();
            }
        }

        boolean isQuiet() {
            return clients.stream()
                            .allMatch(each -> each.client().pending().isEmpty()
                                    && each.client().connection() == ConnectionStatus.CONNECTED
                                    && each.client()
                                            .snapshot()
                                            .toMap()
                                            .equals(servers.get(0).values()))
                    && servers.stream()
                            .allMatch(
                                    each -> each.values().equals(servers.get(0).values()));
        }

        void verify() {
            Map<String, Object> values = servers.get(0).values();
            servers.forEach(server -> assertEquals(values, server.values(), "servers"));
            for (SimulatedClient each : clients) {
                assertEquals(
                        List.of(),
                        each.client().pending(),
                        () -> "pending: " + each.client().status());
                assertEquals(values, each.client().snapshot().toMap(), "client");
            }
            long counted = values.get("likes") instanceof Number number ? number.longValue() : 0;
            Set<Object> tags = new LinkedHashSet<>((Collection<?>) values.getOrDefault("tags", List.of()));
            List<Map<Object, String>> codes =
                    clients.stream().map(each -> codes(each.client())).toList();
            for (int i = 0; i < writes.size(); i++) {
                Write write = writes.get(i);
                String code = codes.get(write.client).get("w" + i);
                String name = "write " + i + " of client " + write.client + ", " + write.amount + " " + write.tag;
                boolean isThere = !write.unmade && code == null;
                if (code != null && code.equals("unknown-outcome")) {
                    untold++; // no server has ever judged it, else state would have told
                } else if (code != null) {
                    assertTrue(Set.of("content-rejected", "voided").contains(code), name + ": " + code);
                    refused++;
                }
                if (write.amount > 0) {
                    long times = counted / write.amount & 3;
                    assertEquals(isThere ? 1 : 0, times, name + " counts so often, code " + code);
                }
                if (!write.tag.isEmpty()) {
                    assertEquals(isThere, tags.contains(write.tag), name + " shows, code " + code);
                }
            }
        }

        /** Why writes were refused, by what they set the register to. */
        private static Map<Object, String> codes(SyncClient client) {
            Map<Object, String> codes = new LinkedHashMap<>();
            for (Rejection rejection : client.rejections()) {
                for (Mutation mutation : rejection.mutations()) {
                    codes.put(mutation.value(), rejection.code());
                }
            }
            return codes;
        }
    }
}
