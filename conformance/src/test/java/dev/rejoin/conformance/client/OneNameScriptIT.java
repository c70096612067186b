package dev.rejoin.conformance.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.server.SyncServer;
import dev.rejoin.server.room.MutationValidator;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The same as {@link OneNameIT}, with the TypeScript client as it is built. */
@Timeout(240)
class OneNameScriptIT {
    private static final Path CLIENT =
            Path.of("../js-client/packages/client/dist").toAbsolutePath().normalize();
    private static final long PATIENCE_SECONDS = 60;
    private static final long LARGE = 100;

    /** Goes on with each line that it is told, and says what it has come to. */
    private static final String BEGINNING = """
            import { createInterface } from 'node:readline';
            import { openAtOneOf } from 'CLIENT/failover.js';

            setTimeout(() => process.exit(1), 150_000);
            const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
            const told = () => lines.next();
            const until = async (condition) => {
              while (!condition()) {
                await new Promise((resolve) => setTimeout(resolve, 10));
              }
            };
            const { client } = await openAtOneOf({ urls: [process.argv[2]], document: 'd' });
            const { document } = client;
            const codes = () => client.rejections.map(({ code }) => code).join();
            await until(() => client.status.sync === 'synchronized');
            console.log('synchronized');
            await told();
            """;

    private static final String INCREMENT = BEGINNING + """
            document.counter('likes').increment(100);
            await told();
            await document.set('tags').add('at b').durable;
            console.log(codes());
            await told();
            await until(() => codes() !== 'unknown-outcome');
            console.log(codes(), document.counter('likes').value);
            process.exit(0);
            """;

    private static final String DELETION = BEGINNING + """
            const tags = document.set('tags');
            tags.add('milk');
            await told();
            await tags.add('at b').durable;
            await tags.remove('milk').durable;
            let isBack = false;
            document.onChange(() => (isBack ||= tags.has('milk')));
            console.log(codes());
            await told();
            await until(() => !client.status.pending);
            console.log(isBack, [...tags].join());
            process.exit(0);
            """;

    @TempDir
    Path directory;

    @Test
    void anIncrementThatTheFirstServerHasTakenIsNotTakenByTheSecondAndCountsOnce() throws Exception {
        try (TwoServers servers = new TwoServers(directory)) {
            assertEquals(" 100", increment(servers, () -> likes(servers.a) == LARGE));
            until(() -> likes(servers.b) == LARGE);
        }
    }

    /** Where both judge it, the second says that it is saved, and it is gone when the two meet. */
    @Test
    void anIncrementThatTheFirstServerHasRefusedIsNotSaidToBeSavedByTheSecond() throws Exception {
        MutationValidator noLargeOnes = change -> change.mutations().stream()
                        .anyMatch(mutation -> Long.valueOf(LARGE).equals(mutation.value()))
                ? MutationValidator.Decision.reject("too-much", "no")
                : MutationValidator.Decision.accept();
        try (TwoServers servers = new TwoServers(directory, noLargeOnes)) {
            assertEquals(
                    "voided 0",
                    increment(servers, () -> servers.a.metrics().page().contains("{code=\"too-much\"} 1.0")));
            assertEquals(0, likes(servers.b));
        }
    }

    /** What the first server has taken is issued again at the second, and deleted there. */
    @Test
    void whatWasDeletedAtTheSecondServerStaysDeletedWhenTheFirstTellsOfIt() throws Exception {
        try (TwoServers servers = new TwoServers(directory)) {
            Process node = strand(servers, DELETION, () -> tags(servers.a).equals(List.of("milk")));
            BufferedReader says = node.inputReader();
            assertEquals("", says.readLine());
            assertEquals(List.of("at b"), tags(servers.b));
            servers.meet();
            until(() -> tags(servers.a).equals(List.of("at b")));
            until(() -> tags(servers.b).equals(List.of("at b")));
            goOn(node);
            assertEquals("false at b", says.readLine());
        }
    }

    /** The client increments at A, which judges that and is not heard; then the name leads to B, where the client writes on, and then the two meet. What the client says then. */
    private String increment(TwoServers servers, BooleanSupplier isJudged) throws Exception {
        Process node = strand(servers, INCREMENT, isJudged);
        BufferedReader says = node.inputReader();
        assertEquals("unknown-outcome", says.readLine());
        assertEquals(0, likes(servers.b), "the second has not judged it");
        servers.meet();
        goOn(node);
        return says.readLine();
    }

    /** The client of this script writes at A, which judges that and is not heard; then the name leads to B. */
    private Process strand(TwoServers servers, String text, BooleanSupplier isJudged) throws Exception {
        OneName name = servers.keep(new OneName(servers.a.port()));
        Path script = directory.resolve("script.mjs");
        Files.writeString(script, text.replace("CLIENT", CLIENT.toString()));
        Process node = new ProcessBuilder(
                        "node",
                        "--no-warnings",
                        "--experimental-websocket",
                        script.toString(),
                        name.syncUri().toString())
                .redirectErrorStream(true)
                .start();
        servers.keep(node::destroyForcibly);
        assertEquals("synchronized", node.inputReader().readLine());
        name.mute();
        goOn(node);
        until(isJudged);
        name.leadTo(servers.b.port());
        goOn(node);
        return node;
    }

    private static void goOn(Process node) throws IOException {
        node.outputWriter().write("go on\n");
        node.outputWriter().flush();
    }

    private static long likes(SyncServer server) {
        return server.document("d")
                .read()
                .toCompletableFuture()
                .join()
                .map(view -> view.snapshot().counter("likes"))
                .orElse(0L);
    }

    private static List<String> tags(SyncServer server) {
        return server.document("d")
                .read()
                .toCompletableFuture()
                .join()
                .map(view -> view.snapshot().set("tags", ValueCodec.STRING))
                .orElse(List.of());
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "in vain");
            Thread.sleep(10);
        }
    }
}
