package dev.rejoin.conformance.durability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.client.SyncClient;
import dev.rejoin.conformance.process.ServerProcess;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.document.Document;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server that is killed with SIGKILL at random moments, again and again, and started again on the same data, while
 * several clients write to it. Whatever a client was ever told to be durable must be there after every restart; what was
 * written but not acknowledged is there whole or not at all; and in the end everybody has the same bytes.
 */
class KilledServerIT {
    private static final int KILLS = Integer.getInteger("rejoin.kills", 60);
    private static final long SEED = Long.getLong("rejoin.seed", System.nanoTime());
    private static final int MAX_START_MILLIS = 600;
    private static final int MAX_RETURN_MILLIS = 100;
    private static final int MAX_LOAD_MILLIS = 500;
    private static final int FROZEN_MILLIS = 30;
    private static final String OVER_HTTP = "kills/over http";

    private enum Moment {
        AT_THE_START,
        AT_THE_RETURN,
        UNDER_LOAD
    }

    @TempDir
    Path directory;

    private final Random random = new Random(SEED);
    private final Deque<Moment> moments = new ArrayDeque<>();
    private final Map<String, Witness> witnesses = new LinkedHashMap<>();
    private int killsUnderLoad;
    private int checks;

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void everyAcknowledgedWriteSurvivesEveryKill() throws Exception {
        try {
            int port = ServerProcess.freePort(random);
            ServerProcess.Setup setup = new ServerProcess.Setup(
                            directory,
                            List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"),
                            List.of(
                                    "--port",
                                    String.valueOf(port),
                                    "--data",
                                    directory.resolve("data").toString(),
                                    "--snapshot-entries",
                                    "25",
                                    "--snapshot-bytes",
                                    "4KiB",
                                    "--idle-unload",
                                    "100ms"))
                    .quickened();
            URI server = URI.create("http://127.0.0.1:" + port + "/");
            try (Cast cast = new Cast(server)) {
                killAgainAndAgain(setup, cast);
                try (ServerProcess last = setup.start()) {
                    settle(last, cast);
                    last.terminate();
                }
                try (ServerProcess restarted = setup.start()) {
                    check(restarted, cast);
                }
                assertTrue(cast.http.author.durable.size() >= KILLS, "hardly anything was written over HTTP");
            }
            assertEquals(List.of(), errors(setup.log()), "the server noticed something wrong");
            assertTrue(killsUnderLoad >= KILLS / 2, "only " + killsUnderLoad + " kills hit writes under way");
        } catch (AssertionError | Exception e) {
            throw new AssertionError(
                    "replay: mvn verify -pl conformance -am -Dit.test=KilledServerIT -DargLine=\"-Drejoin.seed=" + SEED
                            + " -Drejoin.kills=" + KILLS + "\"",
                    e);
        }
        System.out.println("KilledServerIT, seed " + SEED + ": " + KILLS + " kills, " + killsUnderLoad
                + " of them under load, " + checks + " checks, " + durable() + " acknowledged writes, none lost");
    }

    private void killAgainAndAgain(ServerProcess.Setup setup, Cast cast) throws Exception {
        for (int kill = 0; kill < KILLS; kill++) {
            try (ServerProcess server = setup.launch()) {
                long before = durable();
                live(server, cast, before);
                boolean underLoad = isUnderLoad(before);
                if (random.nextBoolean()) {
                    // What it said before this instant still arrives, what it was about to do does not happen.
                    server.freeze();
                    Thread.sleep(FROZEN_MILLIS);
                }
                server.kill();
                killsUnderLoad += underLoad ? 1 : 0;
            }
        }
    }

    /** Of eight kills that follow one another one comes while the server starts, one when its clients come back, and the others later, in any order. */
    private Moment moment() {
        if (moments.isEmpty()) {
            List<Moment> next = new ArrayList<>(Collections.nCopies(8, Moment.UNDER_LOAD));
            next.set(0, Moment.AT_THE_START);
            next.set(1, Moment.AT_THE_RETURN);
            Collections.shuffle(next, random);
            moments.addAll(next);
        }
        return moments.remove();
    }

    /** What happens until the kill. */
    private void live(ServerProcess server, Cast cast, long durableBefore) throws Exception {
        Moment moment = moment();
        if (moment == Moment.AT_THE_START) {
            Thread.sleep(random.nextInt(MAX_START_MILLIS));
            return;
        }
        server.awaitStart();
        cast.goOnline();
        if (moment == Moment.AT_THE_RETURN) {
            Thread.sleep(random.nextInt(MAX_RETURN_MILLIS));
            return;
        }
        if (random.nextInt(3) > 0) {
            check(server, cast);
        }
        cast.change();
        until("somebody is told that a write is durable", () -> durable() > durableBefore);
        Thread.sleep(random.nextInt(MAX_LOAD_MILLIS));
        until("a write is under way", () -> isUnderLoad(durableBefore));
    }

    private boolean isUnderLoad(long durableBefore) {
        return durable() > durableBefore
                && witnesses.values().stream().anyMatch(witness -> witness.ledger.inFlight() > 0);
    }

    private long durable() {
        return witnesses.values().stream()
                .mapToLong(witness -> witness.ledger.durable())
                .sum();
    }

    /** What is there now contains what was acknowledged before, and nothing that is half or twice. */
    private void check(ServerProcess server, Cast cast) throws Exception {
        for (Witness witness : witnesses.values()) {
            witness.check(server);
        }
        cast.http.check(server);
        checks++;
    }

    /** Lets everybody finish, and compares everything with everything. */
    private void settle(ServerProcess server, Cast cast) throws Exception {
        cast.goOnline();
        cast.stop();
        until("the writes are settled", cast::isSettled);
        check(server, cast);
        for (Witness witness : witnesses.values()) {
            try (SyncClient visitor = SyncClient.builder()
                    .url(server.syncUri())
                    .document(witness.document)
                    .build()) {
                List<Callable<Delta>> states = cast.states(witness.document);
                states.add(() -> visitor.snapshot().state());
                until("everybody has the same bytes", () -> witness.agreesWith(states, server));
            }
            for (String author : cast.lasting(witness.document)) {
                Ledger.Account account = witness.ledger.accounts().get(author);
                assertEquals(account.begun(), account.durable(), author);
                assertEquals(account.durable(), Script.steps(witness.document(server), author), author);
            }
            assertEquals(List.of(), witness.ledger.refusals());
        }
    }

    private static List<String> errors(String log) {
        return log.lines().filter(line -> line.contains(" ERROR ")).toList();
    }

    private static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.call()) {
            assertTrue(System.nanoTime() < end, "waited in vain until " + what);
            Thread.sleep(5);
        }
    }

    /** What the server has on its disk of a document; the empty state if it is not there. */
    private static byte[] stored(ServerProcess server, String name) throws Exception {
        HttpResponse<byte[]> answer = server.get("/v1/documents/" + name.replace(" ", "%20") + "?format=state");
        if (answer.statusCode() == 404) {
            return Delta.EMPTY.encode();
        }
        assertEquals(200, answer.statusCode(), () -> new String(answer.body(), StandardCharsets.UTF_8));
        return answer.body();
    }

    private static Document document(ServerProcess server, String name) throws Exception {
        Document document = Document.create();
        document.merge(Delta.decode(stored(server, name)));
        return document;
    }

    /** One who compares a document on the server with the ledger of its authors. */
    private final class Witness {
        private final String document;
        private final Ledger ledger = new Ledger();
        private final Map<String, Script.Outcome> outcomes = new HashMap<>();
        private final Map<String, Long> seen = new HashMap<>();

        Witness(String document) {
            this.document = document;
        }

        Document document(ServerProcess server) throws Exception {
            return KilledServerIT.document(server, document);
        }

        /** Whether all these states are, to the byte, what is on the server's disk; the server may fold counters meanwhile. */
        boolean agreesWith(List<Callable<Delta>> states, ServerProcess server) throws Exception {
            byte[] stored = stored(server, document);
            for (Callable<Delta> state : states) {
                if (!Arrays.equals(stored, state.call().encode())) {
                    return false;
                }
            }
            return true;
        }

        void check(ServerProcess server) throws Exception {
            Map<String, Ledger.Account> before = ledger.accounts();
            Document held = document(server);
            Map<String, Ledger.Account> after = ledger.accounts();
            List<String> wrong = new ArrayList<>();
            long total = 0;
            Set<String> recent = new TreeSet<>();
            for (String author : after.keySet()) {
                long steps = Script.steps(held, author);
                long durable = before.getOrDefault(author, Ledger.Account.NONE).durable();
                if (steps < durable || steps > after.get(author).begun()) {
                    wrong.add(author + ": " + steps + " steps are there, " + durable + " were acknowledged, "
                            + after.get(author).begun() + " begun");
                    continue;
                }
                if (steps < seen.getOrDefault(author, 0L)) {
                    wrong.add(author + ": " + seen.get(author) + " steps were there before, now " + steps);
                    continue;
                }
                seen.put(author, steps);
                Script.Outcome outcome = outcomes.computeIfAbsent(author, name -> new Script(SEED, name).new Outcome());
                outcome.advanceTo(steps);
                wrong.addAll(outcome.differences(held));
                total += outcome.total();
                recent.addAll(outcome.recent());
            }
            assertEquals(List.of(), ledger.refusals(), document);
            assertEquals(List.of(), wrong, document);
            assertEquals(total, Script.total(held), document);
            assertEquals(recent, Script.recent(held), document);
        }
    }

    /** Everybody who writes. */
    private final class Cast implements AutoCloseable {
        private final URI sync;
        private final Map<String, List<Author>> authors = new LinkedHashMap<>();
        private final Map<String, List<String>> lasting = new LinkedHashMap<>();
        private final HttpWitness http;
        private Author forgetful;
        private AuthorProcess mortal;
        private int forgetfuls;

        Cast(URI server) throws Exception {
            sync = URI.create("ws://" + server.getAuthority() + "/sync");
            http = new HttpWitness(server);
            local("kills/one", "steady", false);
            local("kills/one", "reopening", true);
            local("kills/two", "also-steady", false);
            lasting.get("kills/two").add("mortal");
            forget();
            startMortal();
        }

        private Ledger ledger(String document) {
            return witnesses.computeIfAbsent(document, Witness::new).ledger;
        }

        private void local(String document, String name, boolean reopening) {
            lasting.computeIfAbsent(document, any -> new ArrayList<>()).add(name);
            authors.computeIfAbsent(document, any -> new ArrayList<>())
                    .add(author(document, name, Optional.of(directory.resolve(name)), reopening));
        }

        private Author author(String document, String name, Optional<Path> outbox, boolean reopening) {
            return new Author(
                    sync,
                    document,
                    new Script(SEED, name),
                    outbox,
                    reopening,
                    Author.Report.to(ledger(document), name),
                    new Random(random.nextLong()));
        }

        /** An author without an outbox leaves in the middle of its work, another one comes. */
        private void forget() throws InterruptedException {
            if (forgetful != null) {
                forgetful.close();
            }
            forgetful = author("kills/one", "forgetful-" + ++forgetfuls, Optional.empty(), false);
        }

        private void startMortal() throws Exception {
            mortal = AuthorProcess.start(
                    sync,
                    "kills/two",
                    SEED,
                    "mortal",
                    directory.resolve("mortal"),
                    directory.resolve("mortal.log"),
                    Author.Report.to(ledger("kills/two"), "mortal"));
        }

        /** Now and then an author leaves or dies. */
        void change() throws Exception {
            if (random.nextInt(3) == 0) {
                forget();
            }
            if (random.nextInt(6) == 0) {
                mortal.kill();
                startMortal();
            }
        }

        void goOnline() throws Exception {
            authors.values().forEach(list -> list.forEach(Author::goOnline));
            forgetful.goOnline();
            mortal.goOnline();
        }

        void stop() throws Exception {
            // what it had begun when it was killed, or heard and not yet said, is behind what it does since
            until("the author who was killed goes on", mortal::hasBegun);
            for (List<Author> list : authors.values()) {
                for (Author author : list) {
                    author.stop();
                }
            }
            forgetful.stop();
            mortal.stop();
            http.author.stop();
        }

        boolean isSettled() throws Exception {
            return authors.values().stream().allMatch(list -> list.stream().allMatch(Author::isSettled))
                    && forgetful.isSettled()
                    && mortal.isSettled();
        }

        /** The authors of a document that began nothing that they did not bring to its end. */
        List<String> lasting(String document) {
            return lasting.get(document);
        }

        List<Callable<Delta>> states(String document) {
            List<Callable<Delta>> states = new ArrayList<>();
            authors.get(document).forEach(author -> states.add(author::state));
            if (document.equals("kills/one")) {
                states.add(forgetful::state);
            } else {
                states.add(mortal::state);
            }
            return states;
        }

        @Override
        public void close() throws Exception {
            for (List<Author> list : authors.values()) {
                for (Author author : list) {
                    author.close();
                }
            }
            forgetful.close();
            mortal.close();
            http.author.close();
        }
    }

    /** One who compares what was written over HTTP with what is there. */
    private static final class HttpWitness {
        private final HttpAuthor author;

        HttpWitness(URI server) {
            author = new HttpAuthor(server.resolve("/v1/documents/" + OVER_HTTP.replace(" ", "%20")));
        }

        void check(ServerProcess server) throws Exception {
            Set<Long> durable = new TreeSet<>(author.durable);
            Document held = document(server, OVER_HTTP);
            Set<Long> there =
                    new TreeSet<>(held.set(HttpAuthor.NUMBERS, ValueCodec.LONG).elements());
            Set<Long> lost = new TreeSet<>(durable);
            lost.removeAll(there);
            assertEquals(Set.of(), lost, "answered with 200 and not there");
            assertTrue(author.begun.containsAll(there), "numbers that nobody wrote");
            assertEquals(
                    there.stream().mapToLong(Long::longValue).sum(),
                    held.counter(HttpAuthor.SUM).value());
            assertEquals(Set.of(), author.refusals);
        }
    }
}
