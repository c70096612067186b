package dev.rejoin.sync.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.sync.wire.LinkFrames;
import dev.rejoin.sync.wire.LinkMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Two ends of a link between servers, by hand. */
class LinkSessionTest {
    private static final ClusterSecret SECRET = new ClusterSecret(new byte[32]);

    private final Follower follower = new Follower();
    private final Followed followed = new Followed();

    private static final class Follower implements FollowerEffects {
        final ArrayDeque<byte[]> sent = new ArrayDeque<>();
        final List<Object> heard = new ArrayList<>();
        LinkFailure why;

        @Override
        public void send(byte[] frame) {
            sent.add(frame);
        }

        @Override
        public void ended(LinkFailure failure, String message) {
            why = failure;
        }

        @Override
        public void linked(LinkMessage.Welcome welcome) {
            heard.add(welcome);
        }

        @Override
        public void standings(LinkMessage.Standings standings) {
            heard.add(standings);
        }

        @Override
        public void change(LinkMessage.Change change) {
            heard.add(change);
        }

        @Override
        public void state(LinkMessage.StateHead head, byte[] fragment, byte[] update) {
            heard.add(head);
            heard.add(fragment);
            heard.add(update);
        }

        @Override
        public void heartbeat(LinkMessage.Heartbeat heartbeat) {
            heard.add(heartbeat);
        }

        @Override
        public void exchanged(long sentAt, long answered, long received) {
            heard.add(answered);
        }

        @Override
        public void presence(LinkMessage.Presence presence) {
            heard.add(presence);
        }
    }

    private static final class Followed implements FollowedEffects {
        final ArrayDeque<byte[]> sent = new ArrayDeque<>();
        final List<Object> heard = new ArrayList<>();
        LinkFailure why;

        @Override
        public void send(byte[] frame) {
            sent.add(frame);
        }

        @Override
        public void ended(LinkFailure failure, String message) {
            why = failure;
        }

        @Override
        public Optional<LinkFailure> admit(LinkMessage.Hello hello) {
            return Optional.empty();
        }

        @Override
        public void linked(LinkMessage.Hello hello) {
            heard.add(hello);
        }

        @Override
        public void attend(LinkMessage.Attend attend) {
            heard.add(attend);
        }

        @Override
        public void list(String after) {
            heard.add(after);
        }

        @Override
        public void pull(LinkMessage.Pull pull) {
            heard.add(pull);
        }
    }

    private FollowerSession dials(ClusterSecret secret, String cluster, long log, long opening) {
        return new FollowerSession(
                LinkOptions.of(cluster, log, opening, 1 << 20), secret, follower, new byte[16], () -> 1_000, 0);
    }

    private FollowedSession accepts() {
        return new FollowedSession(
                LinkOptions.of("c", 2, 20, 1 << 20), SECRET, followed, new byte[16], () -> 31_000, 0);
    }

    private void exchange(FollowerSession one, FollowedSession other) {
        while (!follower.sent.isEmpty() || !followed.sent.isEmpty()) {
            if (!follower.sent.isEmpty()) {
                other.received(follower.sent.remove(), 1);
            } else {
                one.received(followed.sent.remove(), 1);
            }
        }
    }

    @Test
    void twoServersWithOneSecretFindEachOtherAndCompareTheirClocks() {
        FollowerSession one = dials(SECRET, "c", 1, 10);
        FollowedSession other = accepts();
        exchange(one, other);
        assertTrue(one.isOpen() && other.isOpen());
        assertTrue(follower.heard.contains(31_000L));
    }

    @Test
    void whoDoesNotKnowTheSecretLearnsNothing() {
        byte[] wrong = new byte[32];
        wrong[31] = 1;
        FollowerSession one = dials(new ClusterSecret(wrong), "c", 1, 10);
        FollowedSession other = accepts();
        exchange(one, other);
        assertEquals(LinkFailure.WRONG_SECRET, follower.why);
        assertFalse(one.isOpen() || other.isOpen());
        assertTrue(followed.heard.isEmpty());
    }

    @Test
    void aProofOfOneLinkIsNoneOfAnother() {
        FollowerSession one = dials(SECRET, "c", 1, 10);
        FollowedSession other = accepts();
        other.received(follower.sent.remove(), 1);
        one.received(followed.sent.remove(), 1);
        byte[] proof = follower.sent.remove();
        FollowedSession later = new FollowedSession(
                LinkOptions.of("c", 2, 21, 1 << 20),
                SECRET,
                followed,
                new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6},
                () -> 0,
                0);
        later.received(LinkFrames.encode(new LinkMessage.Hello("c", 1, 10, new byte[16])), 1);
        later.received(proof, 1);
        assertFalse(later.isOpen());
        assertEquals(LinkFailure.WRONG_SECRET, followed.why);
    }

    @Test
    void otherClustersTheOwnAddressAndCopiesAreNamed() {
        exchange(dials(SECRET, "d", 1, 10), accepts());
        assertEquals(LinkFailure.OTHER_CLUSTER, followed.why);
        exchange(dials(SECRET, "c", 2, 20), accepts());
        assertEquals(LinkFailure.OWN_ADDRESS, followed.why);
        exchange(dials(SECRET, "c", 2, 21), accepts());
        assertEquals(LinkFailure.DUPLICATE_LOG, followed.why);
    }

    @Test
    void aDocumentInPartsIsPutTogether() {
        FollowerSession one = dials(SECRET, "c", 1, 10);
        FollowedSession other = accepts();
        exchange(one, other);
        byte[] fragment = new byte[600_000];
        new Random(1).nextBytes(fragment);
        long request = one.pull("d", 5, new byte[0], new byte[0], false);
        exchange(one, other);
        other.state(
                new LinkMessage.StateHead(request, true, false, 5, new byte[0], fragment.length, 3),
                fragment,
                new byte[] {1, 2, 3});
        exchange(one, other);
        assertArrayEquals(fragment, (byte[]) follower.heard.get(follower.heard.size() - 2));
        assertArrayEquals(new byte[] {1, 2, 3}, (byte[]) follower.heard.get(follower.heard.size() - 1));
    }

    @Test
    void nothingIsTakenThatWasNotAskedForOrIsTooLarge() {
        FollowerSession one = dials(SECRET, "c", 1, 10);
        FollowedSession other = accepts();
        exchange(one, other);
        long request = one.pull("d", 5, new byte[0], new byte[0], false);
        exchange(one, other);
        other.tell(new LinkMessage.StateHead(request, true, false, 5, new byte[0], 1 << 21, 0));
        exchange(one, other);
        assertEquals(LinkFailure.TOO_LARGE, follower.why);
    }

    @Test
    void whoIsAtADocumentIsToldToThoseWhoAsk() {
        FollowerSession one = dials(SECRET, "c", 1, 10);
        FollowedSession other = accepts();
        exchange(one, other);
        one.attend(List.of("d", "e"), true);
        exchange(one, other);
        assertEquals(new LinkMessage.Attend(List.of("d", "e"), true), followed.heard.get(followed.heard.size() - 1));
        other.tell(new LinkMessage.Presence(
                "d", true, new byte[] {1}, List.of(new LinkMessage.SessionPresence(7, new byte[] {2, 3}))));
        exchange(one, other);
        LinkMessage.Presence heard = (LinkMessage.Presence) follower.heard.get(follower.heard.size() - 1);
        assertTrue(heard.all());
        assertArrayEquals(new byte[] {1}, heard.awareness());
        assertEquals(7, heard.sessions().get(0).session());
        assertArrayEquals(new byte[] {2, 3}, heard.sessions().get(0).payload());
    }

    @Test
    void aPresenceThatNoSessionMayHaveEndsALink() {
        FollowerSession one = dials(SECRET, "c", 1, 10);
        FollowedSession other = accepts();
        exchange(one, other);
        other.tell(new LinkMessage.Presence(
                "d", true, new byte[0], List.of(new LinkMessage.SessionPresence(7, new byte[4_097]))));
        exchange(one, other);
        assertEquals(LinkFailure.MALFORMED, follower.why);
        one = dials(SECRET, "c", 1, 10);
        other = accepts();
        exchange(one, other);
        one.attend(List.of("not\u0000a name"), true);
        exchange(one, other);
        assertEquals(LinkFailure.MALFORMED, followed.why);
    }

    @Test
    void silenceEndsALink() {
        FollowerSession one = dials(SECRET, "c", 1, 10);
        FollowedSession other = accepts();
        exchange(one, other);
        one.tick(4_000);
        assertTrue(one.isOpen());
        one.tick(6_000);
        assertEquals(LinkFailure.TIMEOUT, follower.why);
        accepts().tick(5_000);
        assertEquals(LinkFailure.TIMEOUT, followed.why);
    }

    @Test
    void anyBytesEndALinkAndNothingElse() {
        for (long seed = 0; seed < 20_000; seed++) {
            Random random = new Random(seed);
            follower.sent.clear();
            followed.sent.clear();
            FollowerSession one = dials(SECRET, "c", 1, 10);
            FollowedSession other = accepts();
            if (random.nextBoolean()) {
                exchange(one, other);
                other.tell(new LinkMessage.Change(
                        "d", 1, 1, new byte[0], new byte[0], new byte[random.nextInt(20)], new byte[0]));
            }
            byte[] bytes = followed.sent.isEmpty() ? new byte[random.nextInt(100)] : followed.sent.remove();
            for (int i = 0; i < 1 + random.nextInt(5) && bytes.length > 0; i++) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                one.received(bytes.clone(), 1);
                other.received(bytes, 1);
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }
}
