package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.server.room.MutationValidator.Decision;
import dev.rejoin.server.storage.MemoryDeltaLog;
import dev.rejoin.sync.wire.AckLevel;
import dev.rejoin.sync.wire.Hello;
import dev.rejoin.sync.wire.Presence;
import dev.rejoin.sync.wire.Progress;
import dev.rejoin.sync.wire.Update;
import dev.rejoin.sync.wire.Welcome;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What clients of {@code /sync} can rely on, over real sockets. */
@Timeout(120)
class SyncEndpointIT {

    @Test
    void twoClientsConverge() throws Exception {
        try (TestServer server = TestServer.start();
                TestPeer ann = TestPeer.random().connect(server);
                TestPeer bob = TestPeer.random().connect(server)) {
            ann.hello("notes/1");
            bob.hello("notes/1");
            ann.submit(Fragments.add(ann.replica, 1, "tags", "a"));
            Update ack = ann.update();
            assertEquals(1, ack.ackedThrough());
            assertEquals(AckLevel.DURABLE, ack.level());
            assertEquals(0, ack.fragment().length, "the author does not get its own cells back");
            Update relayed = bob.update();
            assertEquals(0, relayed.ackedThrough());
            assertEquals(ack.position(), relayed.position());
            bob.submit(Fragments.remove(bob.replica, 1, ann.replica, 1));
            bob.update();
            ann.update();
            assertEquals(0, ann.state.cellCount());
            assertEquals(0, bob.state.cellCount());
        }
    }

    @Test
    void aLateVisitorGetsTheWholeDocument() throws Exception {
        try (TestServer server = TestServer.start();
                TestPeer ann = TestPeer.random().connect(server);
                TestPeer bob = TestPeer.random().connect(server)) {
            ann.hello("d");
            ann.submit(Fragments.add(ann.replica, 1, "tags", "a"));
            ann.update();
            bob.hello("d");
            assertEquals(1, bob.state.cellCount());
        }
    }

    @Test
    void refusedWritesAreVoidForEverybodyAndTheirAuthorIsToldWhy() throws Exception {
        TestServer.Setup setup = new TestServer.Setup();
        setup.validator = change -> change.mutations().stream().anyMatch(m -> "forbidden".equals(m.value()))
                ? Decision.reject("content-rejected", "not this word")
                : Decision.accept();
        try (TestServer server = new TestServer(setup);
                TestPeer ann = TestPeer.random().connect(server);
                TestPeer bob = TestPeer.random().connect(server)) {
            ann.hello("d");
            bob.hello("d");
            ann.submit(Fragments.add(ann.replica, 1, "tags", "forbidden"));
            Update verdict = ann.update();
            assertEquals("content-rejected", verdict.rejections().get(0).code());
            assertEquals("not this word", verdict.rejections().get(0).message());
            bob.update();
            assertEquals(0, bob.state.cellCount());
            assertTrue(bob.state.context().contains(ann.replica, 1), "the dot is known, and holds nothing");
            ann.submit(Fragments.add(ann.replica, 2, "tags", "fine"));
            assertEquals(0, ann.update().rejections().size());
        }
    }

    @Test
    void aValidatorThatThrowsRefuses() throws Exception {
        TestServer.Setup setup = new TestServer.Setup();
        setup.validator = change -> {
            throw new IllegalStateException("broken on purpose");
        };
        try (TestServer server = new TestServer(setup);
                TestPeer ann = TestPeer.random().connect(server)) {
            ann.hello("d");
            ann.submit(Fragments.add(ann.replica, 1, "tags", "x"));
            assertEquals("validator-failed", ann.update().rejections().get(0).code());
        }
    }

    @Test
    void acknowledgedWritesAndVerdictsSurviveARestart() throws Exception {
        TestServer.Setup setup = new TestServer.Setup();
        setup.log = TestServer.reopenable(new MemoryDeltaLog());
        setup.validator = change -> change.mutations().stream().anyMatch(m -> "forbidden".equals(m.value()))
                ? Decision.reject("content-rejected", "")
                : Decision.accept();
        TestPeer ann = TestPeer.random();
        long epoch;
        try (TestServer server = new TestServer(setup)) {
            ann.connect(server);
            epoch = ann.hello("d").epoch();
            ann.submit(Fragments.add(ann.replica, 1, "tags", "a"));
            ann.submit(Fragments.add(ann.replica, 2, "tags", "forbidden"));
            while (ann.update().ackedThrough() < 2) {}
            server.rooms.close();
            assertEquals("shutting-down", ann.failureCode());
            assertEquals(1012, ann.closeCode());
        }
        try (TestServer server = new TestServer(setup);
                TestPeer again = new TestPeer(ann.replica, ann.key).connect(server)) {
            Welcome welcome = again.hello("d");
            assertEquals(epoch, welcome.epoch());
            assertEquals(2, welcome.judgedThrough());
            assertEquals(2, welcome.verdicts().size());
            assertEquals("", welcome.verdicts().get(0).code());
            assertEquals("content-rejected", welcome.verdicts().get(1).code());
            assertEquals(1, again.state.cellCount());
            again.submit(Fragments.add(again.replica, 3, "tags", "b"));
            assertEquals(3, again.update().ackedThrough());
        }
    }

    @Test
    void aReplicaBelongsToItsKey() throws Exception {
        try (TestServer server = TestServer.start();
                TestPeer ann = TestPeer.random().connect(server);
                TestPeer thief = new TestPeer(ann.replica, new byte[Hello.LEASE_KEY_BYTES]).connect(server)) {
            ann.hello("d");
            thief.send(new Hello("d", thief.replica.bits(), thief.key, 0, new byte[0], 0, "", ""));
            assertEquals("replica-conflict", thief.failureCode());
            assertEquals(4409, thief.closeCode());
        }
    }

    @Test
    void aReplicaHasOneSession() throws Exception {
        try (TestServer server = TestServer.start();
                TestPeer first = TestPeer.random().connect(server);
                TestPeer second = new TestPeer(first.replica, first.key).connect(server)) {
            first.hello("d");
            second.hello("d");
            assertEquals("session-replaced", first.failureCode());
            assertEquals(4410, first.closeCode());
            second.submit(Fragments.add(second.replica, 1, "tags", "a"));
            assertEquals(1, second.update().ackedThrough());
        }
    }

    @Test
    void verdictsThatAreKnownAreNotToldAgain() throws Exception {
        try (TestServer server = TestServer.start();
                TestPeer ann = TestPeer.random().connect(server)) {
            Welcome first = ann.hello("d");
            ann.submit(Fragments.add(ann.replica, 1, "tags", "a"));
            Update ack = ann.update();
            ann.send(new Progress(1, ack.position()));
            ann.submit(Fragments.add(ann.replica, 2, "tags", "b"));
            ann.update();
            try (TestPeer again = new TestPeer(ann.replica, ann.key).connect(server)) {
                Welcome second = again.hello("d");
                assertEquals(1, second.verdicts().size());
                assertEquals(2, second.verdicts().get(0).last());
                assertNotEquals(first.session(), second.session());
                assertEquals(second.chain(), second.verdicts().get(0).chain());
            }
        }
    }

    @Test
    void presenceReachesTheOthersAndEndsWithTheSession() throws Exception {
        try (TestServer server = TestServer.start();
                TestPeer ann = TestPeer.random().connect(server);
                TestPeer bob = TestPeer.random().connect(server)) {
            long session = ann.hello("d").session();
            bob.hello("d");
            ann.send(new Presence(0, new byte[] {0x41, 'x'}));
            Presence here = bob.next(Presence.class);
            assertEquals(session, here.session());
            assertArrayEquals(new byte[] {0x41, 'x'}, here.payload());
            ann.close();
            assertEquals(0, bob.next(Presence.class).payload().length);
        }
    }

    @Test
    void removingTheUnknownIsVoid() throws Exception {
        try (TestServer server = TestServer.start();
                TestPeer ann = TestPeer.random().connect(server)) {
            ann.hello("d");
            ann.submit(Fragments.remove(ann.replica, 1, ReplicaId.of(7), 1));
            assertEquals("unobserved-removal", ann.update().rejections().get(0).code());
        }
    }

    @Test
    void aClockFarAheadIsVoid() throws Exception {
        try (TestServer server = TestServer.start();
                TestPeer ann = TestPeer.random().connect(server)) {
            ann.hello("d");
            long tomorrow = System.currentTimeMillis() + 86_400_000;
            ann.submit(Fragments.set(ann.replica, 1, "title", tomorrow, "x"));
            assertEquals("clock-skew", ann.update().rejections().get(0).code());
        }
    }

    @Test
    void whatIsNoTransactionOfTheReplicaEndsTheSession() throws Exception {
        byte[][] bad = {
            Fragments.add(ReplicaId.of(5), 2, "tags", "leaves dot 1 out"),
            Fragments.add(ReplicaId.of(6), 1, "tags", "somebody else's"),
            Fragments.tally(ReplicaId.of(5), 1, "count"),
            {1, 2, 3},
            {},
        };
        for (byte[] fragment : bad) {
            try (TestServer server = TestServer.start();
                    TestPeer ann = new TestPeer(ReplicaId.of(5), new byte[Hello.LEASE_KEY_BYTES]).connect(server)) {
                ann.hello("d");
                ann.submit(fragment);
                assertEquals("malformed", ann.failureCode());
                assertEquals(4400, ann.closeCode());
            }
        }
    }

    @Test
    void badFramesCloseOnlyTheirOwnSession() throws Exception {
        Random random = new Random(20_240_101);
        try (TestServer server = TestServer.start();
                TestPeer good = TestPeer.random().connect(server)) {
            good.hello("d");
            for (int i = 0; i < 200; i++) {
                byte[] noise = new byte[1 + random.nextInt(200)];
                random.nextBytes(noise);
                try (TestPeer bad = TestPeer.random().connect(server)) {
                    if (i % 2 == 0) {
                        bad.hello("d");
                    }
                    bad.sendBytes(noise);
                    bad.closed
                            .orTimeout(2, TimeUnit.SECONDS)
                            .exceptionally(open -> 0)
                            .join();
                }
            }
            good.submit(Fragments.add(good.replica, 1, "tags", "still here"));
            while (good.update().ackedThrough() < 1) {}
        }
    }

    @Test
    void anotherProtocolVersionIsToldSo() throws Exception {
        try (TestServer server = TestServer.start();
                TestPeer ann = TestPeer.random().connect(server)) {
            ann.sendBytes(new byte[] {0x0a, 2, 8, 99});
            assertEquals("upgrade-required", ann.failureCode());
            assertEquals(4426, ann.closeCode());
        }
    }

    @Test
    void badDocumentNamesAreRefused() throws Exception {
        for (String name : new String[] {"", "..", "a//b", "a\u0000b", "x".repeat(256)}) {
            try (TestServer server = TestServer.start();
                    TestPeer ann = TestPeer.random().connect(server)) {
                ann.send(new Hello(name, 1, ann.key, 0, new byte[0], 0, "", ""));
                assertEquals("bad-document-name", ann.failureCode());
                assertEquals(4404, ann.closeCode());
            }
        }
    }

    @Test
    void textAndOversizeAreRefused() throws Exception {
        try (TestServer server = TestServer.start();
                TestPeer text = TestPeer.random().connect(server);
                TestPeer large = TestPeer.random().connect(server);
                TestPeer sliced = TestPeer.random().connect(server)) {
            text.socket().sendText("hello", true);
            assertEquals(4400, text.closeCode());
            large.sendBytes(new byte[(1 << 20) + 1]);
            assertEquals(4413, large.closeCode());
            for (int i = 0; i < 70; i++) {
                try {
                    sliced.socket().sendBinary(ByteBuffer.allocate(1), false).get(60, TimeUnit.SECONDS);
                } catch (Exception closedAlready) {
                    break;
                }
            }
            assertEquals(4413, sliced.closeCode());
        }
    }

    @Test
    void whoeverSaysNothingIsClosedAtTheDeadline() throws Exception {
        TestServer.Setup setup = new TestServer.Setup();
        setup.transport = setup.transport.withDeadlines(400, 400, 400, 400);
        try (TestServer server = new TestServer(setup);
                TestPeer ann = TestPeer.random().connect(server)) {
            ann.closed.exceptionally(cut -> 0).get(60, TimeUnit.SECONDS);
            assertEquals(1, server.timedOut.get());
        }
    }

    @Test
    void manyAuthorsInOneBatchEachGetTheOthersAndTheirOwnVerdicts() throws Exception {
        try (TestServer server = TestServer.start()) {
            TestPeer[] peers = new TestPeer[8];
            for (int i = 0; i < peers.length; i++) {
                peers[i] = TestPeer.random().connect(server);
                peers[i].hello("d");
            }
            for (int round = 1; round <= 50; round++) {
                for (TestPeer peer : peers) {
                    peer.submit(Fragments.add(peer.replica, round, "tags", peer.replica + "/" + round));
                }
            }
            for (TestPeer peer : peers) {
                long acked = 0;
                while (acked < 50 || peer.state.cellCount() < 50 * peers.length) {
                    acked = Math.max(acked, peer.update().ackedThrough());
                }
            }
            for (TestPeer peer : peers) {
                assertEquals(peers[0].state, peer.state);
                peer.close();
            }
        }
    }
}
