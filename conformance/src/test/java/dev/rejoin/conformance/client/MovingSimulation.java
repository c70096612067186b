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
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Real clients that move between two and three real servers, each a judge with a log of its own, over a network that is cut, with servers and clients that crash, from a
 * seed. Often a client has sent something, and its server is gone before the verdict: nothing of it has arrived, or it is judged and lost with the server, or durable there and told
 * to others soon, or only when the server is back. When all is connected again: no write counts twice, none that was accepted is lost, nothing that was refused shows, and what is
 * still in doubt has happened nowhere, and what its author has taken off is gone, also where what had put it there was in doubt or was issued again. In half of the schedules the clients know the servers by one name, as behind a load balancer, and learn from them alone where they are. {@code -Drejoin.seed=N} begins with another schedule, {@code -Drejoin.schedules=N} runs so many.
 */
class MovingSimulation {
    private static final int SCHEDULES = Integer.getInteger("rejoin.schedules", 1_500);
    private static final int STEPS = 120;
    private static final int MAX_INCREMENTS = 30;

    /** With what a server refuses what another one was sent before, under {@link Control#NEVER_AGAIN}. */
    private static final String NOT_AGAIN = "not-again";

    /** What is done wrong on purpose. */
    private enum Control {
        NONE,
        /** The client takes all servers for one judge, and they do not tell it whose log is whose. */
        TWO_JUDGES,
        /** Servers forget what they refuse. */
        DROPPED,
        /** Whatever is in doubt is written again at once. */
        WRITTEN_AGAIN,
        /** What was sent is taken for saved, and never issued again. */
        NEVER_AGAIN
    }

    private enum Kind {
        COUNTER,
        SET_ADD,
        SET_REMOVE,
        REGISTER,
        REGISTER_CLEAR,
        FLAG,
        FLAG_OFF,
        MAP,
        MAP_REMOVE;

        boolean takesOff() {
            return this == SET_REMOVE || this == FLAG_OFF || this == MAP_REMOVE;
        }
    }

    /** What may become of what was sent to a server that is gone, by kind; a run that has not seen all of it proves nothing. */
    private static Set<String> classes() {
        Set<String> classes = new TreeSet<>(Set.of("COUNTER accepted", "COUNTER refused", "COUNTER never judged"));
        for (Kind kind : Kind.values()) {
            classes.add(kind + " judged by the former server");
            classes.add(kind + " not judged by the former server");
        }
        return classes;
    }

    @Test
    void noWriteCountsTwiceNoneThatWasAcceptedIsLostAndNothingRefusedLeaks() {
        long first = Long.getLong("rejoin.seed", 1);
        Map<String, Integer> doubts = new TreeMap<>();
        int refused = 0;
        int takenOff = 0;
        int cameBack = 0;
        for (long seed = first; seed < first + SCHEDULES; seed++) {
            Schedule schedule = new Schedule(seed, Control.NONE);
            try {
                schedule.run();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(
                        "seed " + seed + "; replay with -Drejoin.seed=" + seed + " -Drejoin.schedules=1", e);
            }
            schedule.doubts.forEach((what, times) -> doubts.merge(what, times, Integer::sum));
            refused += schedule.refused;
            takenOff += schedule.takenOffInDoubt;
            cameBack += schedule.cameBack;
        }
        System.out.println(SCHEDULES + " schedules from seed " + first + ": in doubt " + doubts + "; " + refused
                + " writes were refused; " + takenOff + " additions in doubt were taken off by their author, "
                + cameBack + " by others who had not seen both dots, and came back");
        if (SCHEDULES >= 1_000) {
            assertEquals(classes(), doubts.keySet(), "kinds of doubt that occurred");
            assertTrue(refused > 0);
            assertTrue(takenOff > 0);
        }
    }

    @Test
    void twoJudgesForOneDotAreCaught() {
        caught(Control.TWO_JUDGES);
    }

    @Test
    void droppingWhatIsRefusedInsteadOfVoidingItIsCaught() {
        caught(Control.DROPPED);
    }

    @Test
    void writingAgainWhateverIsInDoubtIsCaught() {
        caught(Control.WRITTEN_AGAIN);
    }

    @Test
    void neverIssuingAgainWhatWasSentIsCaught() {
        caught(Control.NEVER_AGAIN);
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
        final Kind kind;
        final int client;
        final long amount;
        final String tag;
        final WriteHandle handle;
        /* It was sent to this server, which was left before its verdict; -1 if to none. */
        int former = -1;
        /* Its process has crashed, and its handle tells nothing any more. */
        boolean isOrphan;
        /* Its process has crashed before it had heard that this was saved: if nobody is ever sent it, it was never made. */
        boolean unmade;

        Write(Kind kind, int client, long amount, String tag, WriteHandle handle) {
            this.kind = kind;
            this.client = client;
            this.amount = amount;
            this.tag = tag;
            this.handle = handle;
        }

        boolean wasDoubtful() {
            return former >= 0;
        }
    }

    private record Line(int at, SimulatedServer.Link link) {}

    private static final class Schedule {
        final Random random;
        final Control control;
        /* Whether the clients take all servers for one, as behind a load balancer. */
        final boolean isOneName;
        final List<SimulatedServer> servers = new ArrayList<>();
        final List<SimulatedClient> clients = new ArrayList<>();
        final List<Entry> network = new ArrayList<>();
        final List<Write> writes = new ArrayList<>();
        /* By client, the last one that was opened. */
        final Map<Integer, Line> lines = new HashMap<>();
        /* By the value of the register that all writes set. */
        final Map<String, Set<Integer>> judgedAt = new HashMap<>();
        final Set<String> takenOff = new HashSet<>();
        final Map<String, Integer> doubts = new TreeMap<>();
        int increments;
        int refused;
        /* Taken off by its author, when what had put it there was in doubt or had been. */
        int takenOffInDoubt;
        /* The same by somebody else, and there again. */
        int cameBack;

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
                servers.add(new SimulatedServer(
                        i, seed, validator(i), control == Control.DROPPED, control != Control.TWO_JUDGES, tell));
            }
            isOneName = control == Control.TWO_JUDGES || random.nextBoolean();
            for (int i = 0; i < 2; i++) {
                List<String> judges = new ArrayList<>();
                List<Connector> connectors = new ArrayList<>();
                int client = i;
                for (int j = 0; j < count; j++) {
                    int at = (i + j) % count;
                    judges.add(isOneName ? "one" : "server " + at);
                    connectors.add(listener -> connect(client, at, listener));
                }
                clients.add(new SimulatedClient(judges, connectors, Duration.ofMillis(100), seed * 10 + i));
            }
        }

        /** Refuses what is called "forbidden" everywhere, and to take off what is to be "kept", and to add what is "unwanted" at one server only; that one comes with an increment always, so it is never issued again. */
        private MutationValidator validator(int number) {
            return change -> {
                for (Mutation mutation : change.mutations()) {
                    if (mutation.path().equals(List.of("last"))) {
                        judgedAt.computeIfAbsent(String.valueOf(mutation.value()), each -> new HashSet<>())
                                .add(number);
                    }
                }
                if (control == Control.NEVER_AGAIN && isAgain(change.mutations(), number)) {
                    return MutationValidator.Decision.reject(NOT_AGAIN, "no");
                }
                for (Mutation mutation : change.mutations()) {
                    String value = String.valueOf(mutation.value());
                    boolean forbidden = value.startsWith("forbidden")
                            || mutation.path().get(0).startsWith("forbidden")
                            || mutation.op() == Mutation.Op.REMOVE && value.startsWith("kept");
                    boolean unwanted = mutation.op() == Mutation.Op.ADD && value.startsWith("unwanted " + number);
                    if (forbidden || unwanted) {
                        return MutationValidator.Decision.reject("content-rejected", "no");
                    }
                }
                return MutationValidator.Decision.accept();
            };
        }

        /** Whether this is what another server than this one was sent before. */
        private boolean isAgain(List<Mutation> mutations, int server) {
            return mutations.stream()
                    .filter(mutation ->
                            mutation.op() == Mutation.Op.SET && mutation.path().equals(List.of("last")))
                    .map(mutation -> writes.get(
                            Integer.parseInt(String.valueOf(mutation.value()).substring(1))))
                    .anyMatch(write -> write.wasDoubtful() && write.former != server);
        }

        private void connect(int client, int at, ConnectionListener listener) {
            SimulatedServer server = servers.get(at);
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
            Line former = lines.put(client, new Line(at, link));
            if (former != null && former.at() != at) {
                moved(client, former.at());
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

        /** A client has left a server. What it has sent there, and has heard nothing of, is in doubt. */
        void moved(int client, int former) {
            for (int i = 0; i < writes.size(); i++) {
                Write write = writes.get(i);
                boolean isSent = write.handle.state() == WriteState.SENT || write.handle.state() == WriteState.IN_DOUBT;
                if (write.client == client && !write.isOrphan && !write.wasDoubtful() && isSent) {
                    write.former = former;
                    boolean judged = judgedAt.getOrDefault("w" + i, Set.of()).contains(former);
                    count(write.kind + (judged ? " judged" : " not judged") + " by the former server");
                }
            }
        }

        void count(String what) {
            doubts.merge(what, 1, Integer::sum);
        }

        void run() {
            settle();
            for (int step = 0; step < STEPS; step++) {
                SimulatedServer server = servers.get(random.nextInt(servers.size()));
                int client = random.nextInt(clients.size());
                switch (random.nextInt(21)) {
                    case 20 -> {
                        if (random.nextInt(3) == 0) {
                            strand(client);
                        }
                    }
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
            Kind kind = increments < MAX_INCREMENTS && random.nextInt(2) > 0
                    ? Kind.COUNTER
                    : Kind.values()[1 + random.nextInt(Kind.values().length - 1)];
            String prefix = random.nextInt(5) == 0 ? "forbidden " : "";
            long amount = 0;
            String tag = prefix + "t" + number;
            switch (kind) {
                case COUNTER -> {
                    amount = 1L << 2 * increments++;
                    boolean unwanted = prefix.isEmpty() && random.nextInt(4) == 0;
                    tag = unwanted
                            ? "unwanted " + random.nextInt(servers.size()) + " " + tag
                            : prefix.isEmpty() && random.nextBoolean() ? "" : tag;
                }
                case SET_ADD -> tag = prefix.isEmpty() && random.nextInt(4) == 0 ? "kept " + tag : tag;
                case SET_REMOVE, FLAG_OFF, MAP_REMOVE -> {
                    Map<String, Object> values = client.snapshot().toMap();
                    List<String> there = new ArrayList<>();
                    for (int i = 0; i < writes.size(); i++) {
                        Write write = writes.get(i);
                        if (taker(write.kind) == kind && shows(values, i) && !takenOff.contains(write.tag)) {
                            there.add(write.tag);
                        }
                    }
                    if (there.isEmpty()) {
                        return;
                    }
                    tag = there.get(random.nextInt(there.size()));
                    takenOff.add(tag);
                }
                case REGISTER_CLEAR -> {
                    if (!client.snapshot().toMap().containsKey("own " + at)) {
                        return;
                    }
                }
                case REGISTER, FLAG, MAP -> {}
            }
            long likes = amount;
            String name = tag;
            String key = "k" + (kind == Kind.MAP_REMOVE ? writes.indexOf(addition(tag)) : number);
            writes.add(new Write(kind, at, amount, tag, client.write(document -> {
                switch (kind) {
                    case COUNTER -> {
                        document.counter("likes").increment(likes);
                        if (!name.isEmpty()) {
                            document.set("tags", ValueCodec.STRING).add(name);
                        }
                    }
                    case SET_ADD -> document.set("tags", ValueCodec.STRING).add(name);
                    case SET_REMOVE -> document.set("tags", ValueCodec.STRING).remove(name);
                    case REGISTER ->
                        document.register("own " + at, ValueCodec.STRING).set(name);
                    case REGISTER_CLEAR ->
                        document.register("own " + at, ValueCodec.STRING).clear();
                    case FLAG -> document.flag(name).enable();
                    case FLAG_OFF -> document.flag(name).disable();
                    case MAP ->
                        document.map("map").register(key, ValueCodec.STRING).set(name);
                    case MAP_REMOVE -> document.map("map").remove(key);
                }
                document.register("last", ValueCodec.STRING).set("w" + number);
            })));
        }

        /** What takes off what this kind puts somewhere, if anything does. */
        private static @Nullable Kind taker(Kind kind) {
            return switch (kind) {
                case COUNTER, SET_ADD -> Kind.SET_REMOVE;
                case FLAG -> Kind.FLAG_OFF;
                case MAP -> Kind.MAP_REMOVE;
                default -> null;
            };
        }

        /** Whether what this write has put somewhere is there. */
        private boolean shows(Map<String, Object> values, int number) {
            Write write = writes.get(number);
            return switch (write.kind) {
                case COUNTER, SET_ADD -> values.get("tags") instanceof Collection<?> tags && tags.contains(write.tag);
                case FLAG -> Boolean.TRUE.equals(values.get(write.tag));
                case MAP -> values.get("map") instanceof Map<?, ?> map && write.tag.equals(map.get("k" + number));
                default -> false;
            };
        }

        /** A client writes, and its server is gone before the verdict arrives. */
        void strand(int at) {
            Line line = lines.get(at);
            if (line == null || !servers.get(line.at()).links().contains(line.link())) {
                return;
            }
            for (int i = random.nextInt(3); i >= 0; i--) {
                write(at);
            }
            clients.get(at).run();
            SimulatedServer server = servers.get(line.at());
            if (random.nextInt(4) > 0) {
                while (line.link().hasUp()) {
                    line.link().arriveUp();
                }
                server.run();
                if (random.nextInt(3) > 0) {
                    server.commit();
                }
            }
            if (random.nextBoolean()) {
                network.removeIf(entry -> entry.from() == line.at()); // told when the server is back
            }
            if (random.nextBoolean()) {
                server.crash();
            }
            server.down(true);
            for (int i = 0; i < 6; i++) {
                pass(100);
                clients.get(at).run();
            }
        }

        void crash(int at) {
            for (int i = 0; i < writes.size(); i++) {
                Write write = writes.get(i);
                if (write.client == at && !write.isOrphan) {
                    write.isOrphan = true;
                    write.unmade = write.handle.state() == WriteState.LOCAL;
                    assertTrue(
                            !write.unmade || !judgedAt.containsKey("w" + i),
                            "write " + i + " was sent before it was saved");
                }
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
            } else if (!servers.get(entry.from()).isDown()) {
                servers.get(entry.to()).pull(servers.get(entry.from()));
            }
        }

        /** What is done wrong on purpose by those who are in doubt. */
        void look() {
            for (SimulatedClient each : clients) {
                for (Rejection rejection : each.client().rejections()) {
                    if (control == Control.WRITTEN_AGAIN && rejection.code().equals("unknown-outcome")) {
                        each.client().retry(rejection.id());
                    }
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
            List<Map<Object, String>> codes =
                    clients.stream().map(each -> codes(each.client())).toList();
            /* By number, whether what a write has put somewhere is to be there. */
            Map<Integer, Boolean> expected = new LinkedHashMap<>();
            Map<String, Object> own = new LinkedHashMap<>();
            for (int i = 0; i < writes.size(); i++) {
                Write write = writes.get(i);
                String code = codes.get(write.client).get("w" + i);
                if (NOT_AGAIN.equals(code)) {
                    code = null;
                }
                String name = "write " + i + " of client " + write.client + ", " + write.kind + " " + write.amount + " "
                        + write.tag + ", code " + code;
                boolean isThere = code == null && (!write.unmade || judgedAt.containsKey("w" + i));
                boolean isUntold =
                        "unknown-outcome".equals(code); // no server has ever judged it, else state would have told
                if (code != null && !isUntold) {
                    assertTrue(Set.of("content-rejected", "voided").contains(code), name);
                    refused++;
                }
                if (write.kind == Kind.COUNTER && write.wasDoubtful()) {
                    count("COUNTER " + (isUntold ? "never judged" : isThere ? "accepted" : "refused"));
                }
                switch (write.kind) {
                    case COUNTER -> {
                        assertEquals(isThere ? 1 : 0, counted / write.amount & 3, name + ": counts so often");
                        if (!write.tag.isEmpty()) {
                            expected.put(i, isThere);
                        }
                    }
                    case SET_ADD, FLAG, MAP -> expected.put(i, isThere);
                    case SET_REMOVE, FLAG_OFF, MAP_REMOVE -> {
                        Write addition = addition(write.tag);
                        int number = writes.indexOf(addition);
                        boolean wasInDoubt = isThere && (addition.wasDoubtful() || addition.isOrphan);
                        if (wasInDoubt && addition.client != write.client && shows(values, number)) {
                            expected.remove(number);
                            cameBack++;
                        } else {
                            takenOffInDoubt += wasInDoubt ? 1 : 0;
                            expected.computeIfPresent(number, (at, added) -> added && !isThere);
                        }
                    }
                    case REGISTER -> {
                        if (isThere) {
                            own.put("own " + write.client, write.tag);
                        }
                    }
                    case REGISTER_CLEAR -> {
                        if (isThere) {
                            own.remove("own " + write.client);
                        }
                    }
                }
            }
            expected.forEach((number, isThere) -> assertEquals(
                    isThere,
                    shows(values, number),
                    () -> "write " + number + " shows: " + about(writes.get(number).tag, codes)));
            for (int i = 0; i < clients.size(); i++) {
                assertEquals(own.get("own " + i), values.get("own " + i), "the last that client " + i + " has set");
            }
        }

        /** What has put this on the list. Whoever else takes it off may have seen it under the former dot only: decision 0029, limits. */
        private Write addition(String tag) {
            return writes.stream()
                    .filter(write -> !write.kind.takesOff() && write.tag.equals(tag))
                    .findFirst()
                    .orElseThrow();
        }

        private String about(String tag, List<Map<Object, String>> codes) {
            StringBuilder about = new StringBuilder();
            for (int i = 0; i < writes.size(); i++) {
                Write write = writes.get(i);
                if (write.tag.equals(tag)) {
                    String code = codes.get(write.client).get("w" + i);
                    about.append("write %d %s of client %d, code %s, %s%s%s%s, judged at %s; "
                            .formatted(
                                    i,
                                    write.kind,
                                    write.client,
                                    code,
                                    write.handle.state(),
                                    write.wasDoubtful() ? ", was in doubt" : "",
                                    write.isOrphan ? ", crashed since" : "",
                                    write.unmade ? ", not saved" : "",
                                    judgedAt.get("w" + i)));
                }
            }
            return about.toString();
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
