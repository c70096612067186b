package dev.rejoin.conformance.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sessions of the TypeScript client, as it is built, over two real servers with a slow link between them. */
@Timeout(120)
class LiveSessionScriptIT {
    private static final Path CLIENT =
            Path.of("../js-client/packages/client/dist").toAbsolutePath().normalize();

    private static final String SCRIPT = """
            import { open } from 'CLIENT/index.js';
            import { sessionOf } from 'CLIENT/session-token.js';

            const [a, b] = process.argv.slice(2);
            const author = await open({ url: a, document: 'd' });
            const written = sessionOf(author);
            await author.document.set('tags').add('one').durable;

            const reader = await open({ url: b, document: 'd' });
            const session = sessionOf(reader);
            session.observe(written.token);
            const shown = async () => console.log([...reader.document.set('tags').values].sort().join(' '), session.freshness.behind);
            await session.read('session', 20_000);
            await shown();
            const pin = session.pin();

            await author.document.set('tags').add('two').durable;
            await session.awaitVisible(written.token, 20_000);
            await shown();
            console.log([...pin.document.set('tags').values].join(' '), pin.behindBy);

            await author.document.set('tags').add('three').durable;
            await session.read('strong', 20_000);
            await shown();

            // the millionth entry of a server that runs: it may come yet
            const bytes = Buffer.from(written.token, 'base64url');
            const never = Buffer.concat([Buffer.of(0x11), bytes.subarray(1, 19), Buffer.of(0x80, 0x89, 0x7a)]).toString('base64url');
            await session.awaitVisible(never, 50).catch(({ code }) => console.log(code));
            if (!session.lag.length) {
              await new Promise((resolve) => session.onLag(resolve));
            }
            console.log(session.lag.length, reader.status.connection);
            process.exit(0);
            """;

    @TempDir
    Path directory;

    @Test
    void whatWasWrittenAtOneServerShowsAtTheOther() throws Exception {
        try (TwoServers servers = new TwoServers(directory)) {
            servers.meet();
            servers.slowDown();
            Path script = directory.resolve("script.mjs");
            Files.writeString(script, SCRIPT.replace("CLIENT", CLIENT.toString()));
            Path output = directory.resolve("output.txt");
            Process node = new ProcessBuilder(
                            "node",
                            "--no-warnings",
                            "--experimental-websocket",
                            script.toString(),
                            servers.a.syncUri().toString(),
                            servers.b.syncUri().toString())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            assertTrue(node.waitFor(90, TimeUnit.SECONDS), () -> "not done: " + output);
            assertEquals(
                    List.of(
                            "one false",
                            "one two false",
                            "one 1",
                            "one three two false",
                            "session-not-satisfied",
                            "1 connected"),
                    Files.readAllLines(output));
        }
    }
}
