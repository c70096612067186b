package dev.rejoin.conformance.hostile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.conformance.process.RawPeer;
import dev.rejoin.crdt.yjs.AwarenessUpdate;
import dev.rejoin.crdt.yjs.Updates;
import dev.rejoin.crdt.yjs.YArray;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YDocOptions;
import dev.rejoin.sync.dialect.Framing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** One way of an editor to do harm, once; fails unless the server answers as it should. */
enum EditorAttack {
    /** Seven bytes that declare structs without end, and a run length of the second encoding. */
    DECLARED_COUNTS {
        @Override
        void run(Target target, Random random) throws Exception {
            for (String hex : List.of("01ffffff7f0100", "ffffffff0f", "00ffffff7f", "0101010084ffffff7f01")) {
                malformed(target, random, HexFormat.of().parseHex(hex));
            }
        }
    },
    /** Unknown kinds of types and contents, a broken embed: what throws in other editors. */
    POISON {
        @Override
        void run(Target target, Random random) throws Exception {
            for (String hex : List.of("01016300070101747f00", "010163000b0101740000", "01016300050101740178" + "00")) {
                malformed(target, random, HexFormat.of().parseHex(hex));
            }
        }
    },
    TRUNCATED {
        @Override
        void run(Target target, Random random) throws Exception {
            byte[] good = text(random.nextInt(1 << 30), "truncated".repeat(20));
            malformed(target, random, Arrays.copyOf(good, 1 + random.nextInt(good.length - 1)));
        }
    },
    RANDOM_BYTES {
        @Override
        void run(Target target, Random random) throws Exception {
            byte[] bytes = new byte[1 + random.nextInt(3_000)];
            random.nextBytes(bytes);
            bytes[0] = (byte) (0x80 | random.nextInt(128));
            malformed(target, random, bytes);
        }
    },
    MANY_WRITERS {
        @Override
        void run(Target target, Random random) throws Exception {
            long first = random.nextInt(1 << 30);
            List<byte[]> updates = new ArrayList<>();
            for (int i = 0; i < 1_100; i++) {
                updates.add(text(first + i, "x"));
            }
            try (EditorPeer peer = EditorPeer.join(target.port, target.ownDocument(random))) {
                peer.update(updates.get(0));
                peer.update(Updates.merge(updates));
                assertEquals(4413, peer.closeCode());
            }
        }
    },
    /** Changes whose forerunners never come. */
    GAPS {
        @Override
        void run(Target target, Random random) throws Exception {
            try (EditorPeer peer = EditorPeer.join(target.port, target.ownDocument(random))) {
                for (int i = 0; i < 2_000; i++) {
                    YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(1_000_000 + i));
                    doc.getText("t").insert(0, "ab");
                    byte[] had = doc.encodeStateVector();
                    doc.getText("t").insert(2, "c");
                    peer.update(doc.encodeStateAsUpdate(had));
                }
                peer.synchronise();
            }
        }
    },
    CLOCK_FAR_AHEAD {
        @Override
        void run(Target target, Random random) throws Exception {
            // one GC of 2^53 - 2 units
            malformed(target, random, HexFormat.of().parseHex("01016300" + "00feffffffffffff0f" + "00"));
        }
    },
    DEEP_NESTING {
        @Override
        void run(Target target, Random random) throws Exception {
            ByteArrayOutputStream any = new ByteArrayOutputStream();
            any.writeBytes(HexFormat.of().parseHex("0101630008010174"));
            any.write(1);
            for (int i = 0; i < 60_000; i++) {
                any.write(117);
                any.write(1);
            }
            any.writeBytes(new byte[] {126, 0});
            malformed(target, random, any.toByteArray());
            try (EditorPeer peer = EditorPeer.join(target.port, target.ownDocument(random))) {
                YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(random.nextInt(1 << 30)));
                YArray level = doc.getArray("deep");
                for (int i = 0; i < 200; i++) {
                    level = level.insertArray(0);
                }
                peer.update(doc.encodeStateAsUpdate());
                peer.update(text(random.nextInt(1 << 30), "after"));
                peer.synchronise();
                peer.await("after");
            }
        }
    },
    /** A byte that asks for the whole document, again and again, from a peer that does not read. */
    ENDLESS_QUESTIONS {
        @Override
        void run(Target target, Random random) throws Exception {
            try (EditorPeer peer = EditorPeer.join(target.port, target.largeDocument, SMALL_RECEIVE_BUFFER_BYTES)) {
                peer.flood(Framing.Y_WEBSOCKET.syncStep1(new byte[] {0}), 2_000);
                Thread.sleep(1_000);
            }
            try (EditorPeer reading = EditorPeer.join(target.port, target.largeDocument)) {
                for (int i = 0; i < 100; i++) {
                    reading.raw.send(Framing.Y_WEBSOCKET.syncStep1(new byte[] {0}));
                }
                reading.await("large");
            }
        }
    },
    /** States as large and as often as can be, in the name of as many as can be, beside the honest ones. */
    AWARENESS_FLOOD {
        @Override
        void run(Target target, Random random) throws Exception {
            try (EditorPeer peer = EditorPeer.join(target.port, target.document)) {
                // until it is admitted little may wait
                peer.hear();
                long me = random.nextInt(1 << 30);
                for (int clock = 1; clock <= 200; clock++) {
                    for (int i = 0; i < 6; i++) {
                        String state = "\"" + Integer.toString(clock).repeat(5_000) + "\"";
                        peer.awareness(awareness(me + i, clock, state));
                    }
                    while (peer.raw.hasUnread()) {
                        peer.hear();
                    }
                }
            }
            for (String bad : List.of("{oops", "[".repeat(100) + "]".repeat(100))) {
                try (EditorPeer peer = EditorPeer.join(target.port, target.ownDocument(random))) {
                    peer.awareness(awareness(1, 1, bad));
                    assertEquals(4400, peer.closeCode());
                }
            }
        }
    },
    NEVER_READS {
        @Override
        void run(Target target, Random random) throws Exception {
            try (EditorPeer peer = EditorPeer.join(target.port, target.document, SMALL_RECEIVE_BUFFER_BYTES)) {
                peer.synchronise();
                Thread.sleep(2_000);
            }
        }
    },
    BAD_NAMES {
        @Override
        void run(Target target, Random random) throws Exception {
            for (String name : List.of("", "%00", "a%0ab", "..%2f..%2fetc%2fpasswd", "a//b", "%ff", "a".repeat(256))) {
                try (RawPeer peer = RawPeer.connect(target.port)) {
                    peer.write(
                            "GET /yjs/" + name + " HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                                    + "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
                    String head = peer.head(EditorPeer.PATIENCE);
                    assertTrue(head.startsWith("HTTP/1.1 400 "), name + " -> " + head);
                }
            }
        }
    },
    /** Hocuspocus: more documents and more messages than may wait. */
    BEFORE_ADMISSION {
        @Override
        void run(Target target, Random random) throws Exception {
            try (RawPeer peer = RawPeer.connect(target.port).upgrade("/hocuspocus", "")) {
                ended(peer, () -> {
                    for (int i = 0; i < 3_000; i++) {
                        peer.send(new Framing("flood/" + i).syncStep1(new byte[] {0}));
                    }
                });
                assertTrue(List.of(4429, 0)
                        .contains(peer.close(EditorPeer.PATIENCE).closeCode()));
            }
        }
    },
    /** What only servers say to each other, unknown types, texts, and nothing but pongs. */
    WRONG_FRAMES {
        @Override
        void run(Target target, Random random) throws Exception {
            for (int type : new int[] {4, 6, 8, 11, 127}) {
                ByteArrayOutputStream frame = new ByteArrayOutputStream();
                frame.write(1);
                frame.write('d');
                frame.write(type);
                frame.write(0);
                try (RawPeer peer = RawPeer.connect(target.port).upgrade("/hocuspocus", "")) {
                    peer.send(frame.toByteArray());
                    assertEquals(4400, peer.close(EditorPeer.PATIENCE).closeCode(), "type " + type);
                }
            }
            try (RawPeer peer = RawPeer.connect(target.port).upgrade("/yjs/" + target.ownDocument(random), "")) {
                peer.write(RawPeer.last(RawPeer.TEXT, "{}".getBytes(StandardCharsets.UTF_8)));
                assertEquals(4400, peer.close(EditorPeer.PATIENCE).closeCode());
            }
        }
    },
    /** Many at one place of one text, which the order of concurrent insertions has to sort. */
    ONE_PLACE {
        @Override
        void run(Target target, Random random) throws Exception {
            String document = target.ownDocument(random);
            try (EditorPeer peer = EditorPeer.join(target.port, document)) {
                peer.update(text(1, "x"));
                peer.synchronise();
                List<byte[]> updates = new ArrayList<>();
                byte[] base = text(1, "x");
                for (int i = 0; i < 1_000; i++) {
                    YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(10 + random.nextInt(1 << 30)));
                    doc.applyUpdate(base);
                    byte[] had = doc.encodeStateVector();
                    doc.getText("t").insert(1, "y");
                    updates.add(doc.encodeStateAsUpdate(had));
                }
                for (byte[] update : updates) {
                    peer.update(update);
                }
                try (EditorPeer reader = EditorPeer.join(target.port, document)) {
                    reader.synchronise();
                    reader.await("xy");
                }
            }
        }
    };

    private static final int SMALL_RECEIVE_BUFFER_BYTES = 4_096;

    /**
     * What is attacked.
     *
     * @param document that honest editors work on
     * @param largeDocument that is worth asking for
     */
    record Target(int port, String document, String largeDocument) {
        String ownDocument(Random random) {
            return "hostile/" + random.nextInt(1 << 30);
        }
    }

    abstract void run(Target target, Random random) throws Exception;

    private static void malformed(Target target, Random random, byte[] update) throws IOException {
        try (EditorPeer peer = EditorPeer.join(target.port, target.ownDocument(random))) {
            peer.update(update);
            assertEquals(4400, peer.closeCode(), () -> HexFormat.of().formatHex(update));
        }
    }

    private static byte[] text(long client, String text) {
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(client));
        doc.getText("t").insert(0, text);
        return doc.encodeStateAsUpdate();
    }

    private static byte[] awareness(long client, long clock, String state) {
        return new AwarenessUpdate(List.of(new AwarenessUpdate.Entry(client, clock, state))).encode();
    }

    private interface Sending {
        void run() throws IOException;
    }

    private static void ended(RawPeer peer, Sending sending) {
        try {
            sending.run();
        } catch (IOException closed) {
            // what it was told before is still to be read
        }
    }
}
