package dev.rejoin.conformance.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.client.SyncClient;
import dev.rejoin.client.WriteHandle;
import dev.rejoin.client.WriteRejectedException;
import dev.rejoin.client.WriteState;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.server.ServerConfig;
import dev.rejoin.server.SyncServer;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The size limit of documents, as the threat model names it. */
@Timeout(120)
final class DocumentLimitIT {
    private static final long LIMIT = 64 << 10;
    private static final int WRITE = 8 << 10;

    @Test
    void aDocumentThatHasReachedItsLimitTakesNothingMoreFromAnybody() throws Exception {
        ServerConfig config = ServerConfig.DEFAULTS.with(ServerConfig.PORT, 0).with(ServerConfig.MAX_DOCUMENT, LIMIT);
        try (SyncServer server = SyncServer.builder().config(config).start();
                SyncClient client = SyncClient.builder()
                        .url(server.syncUri())
                        .document("full")
                        .build()) {
            int accepted = 0;
            String text = text(client);
            while (write(client, text)) {
                accepted++;
                text = text(client);
                assertTrue(
                        accepted * WRITE <= LIMIT + WRITE, accepted + " writes of " + WRITE + " bytes were accepted");
            }
            assertEquals("document-full", client.rejections().get(0).code());
            assertEquals(
                    accepted, client.snapshot().set("texts", ValueCodec.STRING).size());
            String change =
                    "{\"mutations\":[{\"path\":[\"likes\"],\"type\":\"counter\",\"op\":\"increment\",\"value\":1}]}";
            HttpResponse<String> answer = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(server.uri().resolve("/v1/documents/full"))
                                    .POST(HttpRequest.BodyPublishers.ofString(change))
                                    .header("Content-Type", "application/json")
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertEquals(422, answer.statusCode(), answer.body());
            assertTrue(answer.body().contains("document-full"), answer.body());
        }
    }

    private static boolean write(SyncClient client, String text) throws Exception {
        return accepted(client.write(d -> d.set("texts", ValueCodec.STRING).add(text)));
    }

    private static boolean accepted(WriteHandle write) throws Exception {
        try {
            write.accepted().get(60, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException e) {
            assertEquals(WriteRejectedException.class, e.getCause().getClass());
            assertEquals(WriteState.REJECTED, write.state());
            return false;
        }
    }

    private static String text(SyncClient client) {
        return client.snapshot().set("texts", ValueCodec.STRING).size() + "x".repeat(WRITE);
    }
}
