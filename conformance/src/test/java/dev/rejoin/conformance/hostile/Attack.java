package dev.rejoin.conformance.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.conformance.process.RawPeer;
import dev.rejoin.conformance.process.RawPeer.Ending;
import dev.rejoin.crdt.OrSet;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.sync.wire.Frames;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Ping;
import dev.rejoin.sync.wire.Submit;
import dev.rejoin.sync.wire.Welcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** One way to do harm, once; fails unless the server answers as it should and in time. Line by line the threat model's table. */
enum Attack {
    RANDOM_FRAMES {
        @Override
        void run(Target target, Random random) throws Exception {
            try (RawPeer peer = RawPeer.upgraded(target.port)) {
                peer.send(bytes(random, 1 + random.nextInt(4_000)));
                refused(peer, 4400, "malformed", "protocol-error");
            }
            try (RawPeer peer = target.welcomed(random)) {
                peer.send(bytes(random, 1 + random.nextInt(4_000)));
                refused(peer, 4400, "malformed", "protocol-error");
            }
        }
    },
    TRUNCATED_FRAMES {
        @Override
        void run(Target target, Random random) throws Exception {
            byte[] hello = Frames.encode(RawPeer.hello(target.document, random));
            try (RawPeer peer = RawPeer.upgraded(target.port)) {
                peer.send(Arrays.copyOf(hello, random.nextInt(hello.length)));
                refused(peer, 4400, "malformed", "protocol-error");
            }
            try (RawPeer peer = target.welcomed(random)) {
                byte[] submit = Frames.encode(new Submit(transaction(ReplicaId.random(random))));
                peer.send(Arrays.copyOf(submit, 1 + random.nextInt(submit.length - 1)));
                refused(peer, 4400, "malformed");
            }
        }
    },
    OVERSIZE_FRAMES {
        @Override
        void run(Target target, Random random) throws Exception {
            for (long claimed : new long[] {(1 << 20) + 1, 1L << 31, 1L << 40, Long.MAX_VALUE}) {
                try (RawPeer peer = random.nextBoolean() ? target.welcomed(random) : RawPeer.upgraded(target.port)) {
                    peer.write(ByteBuffer.allocate(14)
                            .put((byte) (FIN | RawPeer.BINARY))
                            .put((byte) 0xff)
                            .putLong(claimed)
                            .array());
                    refused(peer, 4413, "too-large");
                }
            }
        }
    },
    WRONG_VERSION {
        @Override
        void run(Target target, Random random) throws Exception {
            byte[] hello = Frames.encode(RawPeer.hello(target.document, random));
            assertEquals(1, hello[3], "the version is not where this test looks for it");
            hello[3] = (byte) (2 + random.nextInt(100));
            try (RawPeer peer = RawPeer.upgraded(target.port)) {
                peer.send(hello);
                refused(peer, 4426, "upgrade-required");
            }
        }
    },
    BAD_NAMES {
        @Override
        void run(Target target, Random random) throws Exception {
            List<String> names = List.of(
                    "",
                    "a".repeat(256),
                    "a".repeat(8_000),
                    "a\0b",
                    "a\nb",
                    "../../etc/passwd",
                    "a/../b",
                    "a//b",
                    "/a",
                    "a/",
                    ".");
            for (String name : names) {
                try (RawPeer peer = RawPeer.upgraded(target.port)) {
                    peer.send(RawPeer.hello(name, random));
                    refused(peer, 4404, "bad-document-name");
                }
            }
            for (String name :
                    List.of("", "%00", "a%0ab", "..%2f..%2fetc%2fpasswd", "a//b", "%ff", "%2", "a".repeat(256))) {
                answered(
                        target, "GET /v1/documents/" + name + " HTTP/1.1\r\nhost: x\r\n\r\n", 400, "bad-document-name");
            }
            answered(target, "GET /v1/documents/nobody/wrote/this HTTP/1.1\r\nhost: x\r\n\r\n", 404, "not-found");
        }
    },
    NEVER_READS {
        @Override
        void run(Target target, Random random) throws Exception {
            try (RawPeer peer =
                    RawPeer.connect(target.port, SMALL_RECEIVE_BUFFER_BYTES).upgrade()) {
                peer.send(RawPeer.hello(target.document, random));
                assertInstanceOf(Welcome.class, peer.next(DEADLINE));
                // It says that it lives, so that only the bound on what waits for it can end it.
                long end = System.nanoTime() + STALL.toNanos();
                for (long nonce = 1; ; nonce++) {
                    assertTrue(System.nanoTime() < end, "a peer that never reads is still there");
                    try {
                        peer.send(new Ping(nonce));
                    } catch (IOException closed) {
                        assertEquals(Ending.SILENT, peer.ending(DEADLINE), "a peer that never reads hears nothing");
                        return;
                    }
                    Thread.sleep(PACE_MILLIS);
                }
            }
        }
    },
    HEADER_DRIP {
        @Override
        void run(Target target, Random random) throws Exception {
            try (RawPeer peer = RawPeer.connect(target.port)) {
                peer.write("GET / HTTP/1.1\r\nx: ");
                drip(peer);
            }
        }
    },
    ENDLESS_HANDSHAKE {
        @Override
        void run(Target target, Random random) throws Exception {
            try (RawPeer peer = RawPeer.connect(target.port)) {
                peer.write("GET /sync HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                        + "sec-websocket-version: 13\r\nx: ");
                drip(peer);
            }
        }
    },
    NO_HELLO {
        @Override
        void run(Target target, Random random) throws Exception {
            try (RawPeer peer = RawPeer.upgraded(target.port)) {
                assertEquals(Ending.SILENT, peer.ending(DEADLINE), "without Hello the socket closes without a word");
            }
        }
    },
    MANY_CONNECTIONS {
        @Override
        void run(Target target, Random random) throws Exception {
            List<RawPeer> peers = new ArrayList<>();
            try {
                for (int i = 0; i < target.crowd; i++) {
                    RawPeer peer = RawPeer.connect(target.port);
                    peers.add(peer);
                    if (i % 2 == 0) {
                        peer.write("GET /");
                    }
                }
                for (RawPeer peer : peers) {
                    assertEquals(0, peer.rest(DEADLINE).length, "whoever asks for nothing hears nothing");
                }
            } finally {
                for (RawPeer peer : peers) {
                    peer.close();
                }
            }
        }
    },
    ENDLESS_FRAGMENTS {
        @Override
        void run(Target target, Random random) throws Exception {
            try (RawPeer peer = target.welcomed(random)) {
                peer.write(RawPeer.frame(RawPeer.BINARY, true, new byte[] {1}));
                flood(peer, RawPeer.frame(RawPeer.CONTINUATION, true, bytes(random, random.nextInt(100))));
                refused(peer, 4413, "too-large");
            }
        }
    },
    RESERVED_BITS {
        @Override
        void run(Target target, Random random) throws Exception {
            for (int bits : new int[] {0x40, 0x20, 0x10, 0x70}) {
                try (RawPeer peer = target.welcomed(random)) {
                    peer.write(RawPeer.frame(FIN | bits | RawPeer.BINARY, true, bytes(random, 40)));
                    refused(peer, 4400, "protocol-error");
                }
            }
            try (RawPeer peer = target.welcomed(random)) {
                peer.write(RawPeer.frame(FIN | RawPeer.BINARY, false, bytes(random, 40)));
                refused(peer, 4400, "protocol-error");
            }
        }
    },
    TEXT_FRAMES {
        @Override
        void run(Target target, Random random) throws Exception {
            try (RawPeer peer = target.welcomed(random)) {
                peer.write(RawPeer.last(RawPeer.TEXT, "{\"hello\":1}".getBytes(StandardCharsets.UTF_8)));
                refused(peer, 4400, "protocol-error");
            }
        }
    },
    PING_FLOOD {
        @Override
        void run(Target target, Random random) throws Exception {
            try (RawPeer peer = target.welcomed(random)) {
                flood(peer, RawPeer.last(RawPeer.PING, bytes(random, 125)));
                refused(peer, 4400, "protocol-error");
            }
        }
    },
    BAD_JSON {
        @Override
        void run(Target target, Random random) throws Exception {
            for (String body : List.of(
                    "{\"mutations\":[",
                    "",
                    "nonsense",
                    "[]",
                    "[".repeat(100_000),
                    "{\"mutations\":" + "[".repeat(500) + "]".repeat(500) + "}",
                    "{\"mutations\":[{\"path\":[\"r\"],\"type\":\"register\",\"op\":\"set\",\"value\":"
                            + "9".repeat(100_000) + "}]}")) {
                answered(target, post(target, body.length()) + body, 400, "malformed");
            }
            answered(target, post(target, 1L << 30), 413, "too-large");
        }
    },
    HUGE_COUNTS {
        @Override
        void run(Target target, Random random) throws Exception {
            long most = (1L << 44) - 1;
            for (int live = 0; live < 2; live++) {
                Hello hello = RawPeer.hello(target.document, random);
                try (RawPeer peer = RawPeer.upgraded(target.port)) {
                    peer.send(hello);
                    assertInstanceOf(Welcome.class, peer.next(DEADLINE));
                    ByteArrayOutputStream fragment = new ByteArrayOutputStream();
                    fragment.write(0x52);
                    fragment.writeBytes(
                            ByteBuffer.allocate(8).putLong(hello.replica()).array());
                    varint(fragment, most * 8 + 2 + live);
                    varint(fragment, most - 2);
                    fragment.writeBytes(bytes(random, 50));
                    peer.send(new Submit(fragment.toByteArray()));
                    refused(peer, 4400, "malformed");
                }
            }
        }
    };

    /** In which the server has to end what leads to nothing: its deadlines are 5 s, this machine may be slow. */
    static final Duration DEADLINE = Duration.ofSeconds(20);
    /** In which it has to end a peer that does not read: until its buffers are full, and 3 s more. */
    private static final Duration STALL = Duration.ofSeconds(40);

    private static final int FIN = 0x80;
    private static final int SMALL_RECEIVE_BUFFER_BYTES = 4_096;
    private static final int PACE_MILLIS = 250;
    private static final int FLOOD_FRAMES = 200;

    /**
     * What is attacked.
     *
     * @param port of the server
     * @param document that honest clients work on
     * @param crowd connections that one attacker opens at once
     */
    record Target(int port, String document, int crowd) {
        /** A peer whose Hello has been accepted. */
        RawPeer welcomed(Random random) throws Exception {
            RawPeer peer = RawPeer.upgraded(port);
            peer.send(RawPeer.hello("hostile/" + random.nextInt(4), random));
            assertInstanceOf(Welcome.class, peer.next(DEADLINE));
            return peer;
        }
    }

    abstract void run(Target target, Random random) throws Exception;

    private static void refused(RawPeer peer, int closeCode, String... codes) throws IOException {
        Ending ending = peer.ending(DEADLINE);
        assertEquals(closeCode, ending.closeCode(), ending.toString());
        assertTrue(List.of(codes).contains(ending.failure()), ending.toString());
    }

    private static void answered(Target target, String request, int status, String code) throws IOException {
        try (RawPeer peer = RawPeer.connect(target.port)) {
            String shown = request.substring(0, Math.min(80, request.length()));
            peer.write(request.replaceFirst("\r\n", "\r\nconnection: close\r\n"));
            String answer = new String(peer.rest(DEADLINE), StandardCharsets.UTF_8);
            assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), shown + " -> " + answer);
            assertTrue(answer.contains("\"code\":\"" + code + "\""), shown + " -> " + answer);
        }
    }

    private static String post(Target target, long length) {
        return "POST /v1/documents/" + target.document + " HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                + "content-length: " + length + "\r\n\r\n";
    }

    /** Sends one byte a second until the other side has had enough. */
    private static void drip(RawPeer peer) throws IOException {
        for (int second = 0; second < DEADLINE.toSeconds(); second++) {
            try {
                peer.write("x");
                assertEquals(0, peer.rest(Duration.ofSeconds(1)).length, "a drip is closed without a word");
                return;
            } catch (SocketTimeoutException open) {
                continue;
            } catch (IOException closed) {
                return;
            }
        }
        throw new AssertionError("the drip goes on after " + DEADLINE);
    }

    /** Sends the same frame many times, until the other side has had enough. */
    private static void flood(RawPeer peer, byte[] frame) {
        try {
            for (int i = 0; i < FLOOD_FRAMES; i++) {
                peer.write(frame);
            }
        } catch (IOException closed) {
            // What it was told before is still to be read.
        }
    }

    private static byte[] transaction(ReplicaId replica) {
        return OrSet.standalone(replica, ValueCodec.STRING).add("tag").encode();
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        long rest = value;
        for (; rest > 127; rest >>>= 7) {
            out.write((int) rest & 127 | 128);
        }
        out.write((int) rest);
    }
}
