package dev.rejoin.sync.session;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.sync.wire.Answer;
import dev.rejoin.sync.wire.Await;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.OriginLag;
import dev.rejoin.sync.wire.Position;
import dev.rejoin.sync.wire.Progress;
import dev.rejoin.sync.wire.ProtocolLimits;
import dev.rejoin.sync.wire.Rejection;
import dev.rejoin.sync.wire.Standing;
import dev.rejoin.sync.wire.Submit;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Verdict;
import dev.rejoin.sync.wire.Watermark;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random, truncated and mutated frames: both ends answer with effects or a close, never with an exception. */
class SessionFuzz {
    private static final int ROUNDS = Integer.getInteger("rejoin.rounds", 20_000);

    @Test
    void aServerSurvivesAnyBytes() {
        run(random -> {
            RecordedServer server = new RecordedServer(ProtocolLimits.DEFAULT);
            List<byte[]> frames = List.of(
                    Frames.encode(RecordedServer.HELLO),
                    Frames.encode(new Submit(new byte[40])),
                    Frames.encode(new Progress(3, new Position(1, 2))),
                    Frames.encode(new Await(1, new byte[40], "session", 9)));
            boolean welcomed = false;
            for (int i = 0; i < 5 && !server.session.isClosed(); i++) {
                server.session.received(mutate(random, frames.get(Math.min(i, 3))), i);
                if (!welcomed && server.calls.size() == 1 && !server.session.isClosed()) {
                    welcomed = true;
                    server.session.welcome(RecordedServer.ADMISSION, Update.of(Position.START, new byte[0]), i);
                }
            }
            assertTrue(server.sent.size() <= 8);
        });
    }

    @Test
    void aClientSurvivesAnyBytes() {
        run(random -> {
            RecordedClient client = new RecordedClient(0, 0, 1, 3, 1);
            List<byte[]> frames = List.of(
                    Frames.encode(RecordedClient.welcome(
                            RecordedClient.EPOCH,
                            1,
                            client.pending.get(0).chain(),
                            List.of(Verdict.accepted(1, client.pending.get(0).chain())))),
                    Frames.encode(new Update(
                            Position.START,
                            new byte[9],
                            4,
                            dev.rejoin.sync.wire.AckLevel.DURABLE,
                            List.of(new Rejection(2, 4, "no", "x")))),
                    Frames.encode(new Watermark(
                            Position.START,
                            1,
                            new Standing(
                                    new byte[8],
                                    List.of(new OriginLag(1, 2, 3, 4, 5, 6, true)),
                                    List.of(Answer.failed(1, "no"))))));
            for (int i = 0; i < 5 && !client.session.isClosed(); i++) {
                client.session.received(mutate(random, frames.get(Math.min(i, 2))), i);
            }
            assertTrue(client.settled.size() <= 3, "more verdicts than transactions");
        });
    }

    private interface Round {
        void run(Random random);
    }

    private static void run(Round round) {
        long seed = Long.getLong("rejoin.seed", System.nanoTime());
        for (int i = 0; i < ROUNDS; i++) {
            long one = seed + i;
            try {
                round.run(new Random(one));
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "replay: mvn -pl sync-protocol -am test -Dtest=SessionFuzz -DargLine=\"-Drejoin.seed=" + one
                                + " -Drejoin.rounds=1\"",
                        e);
            }
        }
    }

    private static byte[] mutate(Random random, byte[] frame) {
        List<byte[]> out = new ArrayList<>();
        switch (random.nextInt(6)) {
            case 0 -> {
                byte[] noise = new byte[random.nextInt(64)];
                random.nextBytes(noise);
                out.add(noise);
            }
            case 1 -> out.add(Arrays.copyOf(frame, random.nextInt(frame.length + 1)));
            case 2 -> {
                byte[] flipped = frame.clone();
                for (int n = 1 + random.nextInt(3); n > 0; n--) {
                    flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
                }
                out.add(flipped);
            }
            case 3 -> {
                byte[] longer = Arrays.copyOf(frame, frame.length + 1 + random.nextInt(20));
                for (int i = frame.length; i < longer.length; i++) {
                    longer[i] = (byte) random.nextInt();
                }
                out.add(longer);
            }
            default -> out.add(frame);
        }
        return out.get(0);
    }
}
