package dev.rejoin.server.webhook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.server.room.DocumentNotice.Kind;
import dev.rejoin.server.webhook.DeliveryQueue.Death;
import dev.rejoin.server.webhook.DeliveryQueue.Delivery;
import dev.rejoin.sync.wire.Position;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a receiver is told, and when, in time that the test lets pass. */
class DeliveryQueueTest {
    private static final long DELAY = 1_000;

    private final DeliveryQueue queue = new DeliveryQueue(DELAY, new Random(42));
    private long now = 1_000_000;

    @Test
    void whatHappensToADocumentWithinTheDelayIsOneDelivery() {
        offer(Kind.CREATED, "a", 0);
        offer(Kind.CHANGED, "a", 1);
        offer(Kind.CHANGED, "b", 5);
        now += DELAY / 2;
        offer(Kind.CHANGED, "a", 2);
        assertEquals(Optional.empty(), queue.next(now));
        now += DELAY / 2;
        WebhookEvent first = take().event();
        assertEquals("document.created", first.type());
        assertEquals(2, first.position().sequence());
        assertEquals(3, first.commits());
        assertEquals("b", take().event().document());
        assertEquals(Optional.empty(), queue.next(now));
    }

    @Test
    void aDeletionIsToldWhateverWasBeforeIt() {
        offer(Kind.CREATED, "a", 0);
        offer(Kind.DELETED, "a", 3);
        now += DELAY;
        assertEquals("document.deleted", take().event().type());
    }

    @Test
    void whatHappensDuringADeliveryFollowsIt() {
        offer(Kind.CHANGED, "a", 1);
        now += DELAY;
        Delivery first = take();
        offer(Kind.CHANGED, "a", 2);
        offer(Kind.CHANGED, "a", 3);
        now += DELAY;
        assertEquals(Optional.empty(), queue.next(now), "one at a time of one document");
        queue.delivered(first, now);
        now += DELAY;
        Delivery second = take();
        assertEquals(3, second.event().position().sequence());
        assertEquals(2, second.event().commits());
        queue.delivered(second, now);
        assertEquals(0, queue.size());
    }

    @Test
    void anAttemptAtTheSameEventHasTheSameIdAndAnotherEventAnotherOne() {
        offer(Kind.CHANGED, "a", 1);
        now += DELAY;
        Delivery first = take();
        queue.failed(first, now, 0, false);
        now += DeliveryQueue.CAP_MILLIS;
        Delivery again = take();
        assertEquals(first.id(), again.id());
        assertEquals(2, again.attempt());
        queue.failed(again, now, 0, false);
        offer(Kind.CHANGED, "a", 2);
        now += DeliveryQueue.CAP_MILLIS;
        assertNotEquals(first.id(), take().id());
    }

    @Test
    void retriesComeAfterARandomTimeThatMayDouble() {
        for (int attempt = 1; attempt <= 4; attempt++) {
            long least = Long.MAX_VALUE;
            long most = 0;
            for (int seed = 0; seed < 200; seed++) {
                DeliveryQueue one = new DeliveryQueue(0, new Random(seed));
                one.offer(event(Kind.CHANGED, "a", 1), 0);
                long at = 0;
                for (int i = 1; i <= attempt; i++) {
                    Delivery delivery = one.next(at).orElseThrow();
                    one.failed(delivery, at, 0, false);
                    long due = one.nextDue().orElseThrow();
                    if (i == attempt) {
                        least = Math.min(least, due - at);
                        most = Math.max(most, due - at);
                    }
                    at = due;
                }
            }
            long bound = DeliveryQueue.BASE_MILLIS << (attempt - 1);
            assertTrue(most <= bound && most > bound * 8 / 10, attempt + ": " + most);
            assertTrue(least < bound / 3, attempt + ": " + least);
        }
    }

    @Test
    void theReceiverSaysWhenItWantsToBeAskedAgain() {
        offer(Kind.CHANGED, "a", 1);
        now += DELAY;
        queue.failed(take(), now, 60_000, false);
        assertTrue(queue.nextDue().orElseThrow() >= now + 60_000);
        now += 60_000;
        queue.failed(take(), now, Long.MAX_VALUE / 2, false);
        assertTrue(queue.nextDue().orElseThrow() <= now + DeliveryQueue.CAP_MILLIS, "but not for ever");
    }

    @Test
    void anEventThatFailsTooOftenIsDeadAndTheNextOneIsNot() {
        offer(Kind.CHANGED, "a", 1);
        for (int i = 1; i < DeliveryQueue.MAX_ATTEMPTS; i++) {
            now += 2 * DeliveryQueue.CAP_MILLIS;
            assertEquals(Optional.empty(), queue.failed(take(), now, 0, false));
        }
        now += 2 * DeliveryQueue.CAP_MILLIS;
        assertEquals(Optional.of(Death.EXHAUSTED), queue.failed(take(), now, 0, false));
        assertEquals(0, queue.size());
        offer(Kind.CHANGED, "a", 2);
        now += 2 * DeliveryQueue.CAP_MILLIS;
        assertEquals(1, take().attempt());
    }

    @Test
    void aReceiverThatIsGoneIsNotAskedAgain() {
        offer(Kind.CHANGED, "a", 1);
        now += DELAY;
        assertEquals(Optional.of(Death.GONE), queue.failed(take(), now, 0, true));
        assertEquals(0, queue.size());
    }

    @Test
    void aReceiverThatFailsIsLeftAloneAndThenTriedWithOne() {
        for (int i = 0; i < 100; i++) {
            offer(Kind.CHANGED, "d" + i, 1);
        }
        now += DELAY;
        for (int i = 0; i < DeliveryQueue.FAILURES_TO_OPEN; i++) {
            assertFalse(queue.isCircuitOpen());
            queue.failed(take(), now, 0, false);
        }
        assertTrue(queue.isCircuitOpen());
        assertEquals(Optional.empty(), queue.next(now));
        now = queue.nextDue().orElseThrow();
        Delivery probe = take();
        assertEquals(Optional.empty(), queue.next(now), "one is enough to see");
        queue.failed(probe, now, 0, false);
        assertTrue(queue.isCircuitOpen());
        now = queue.nextDue().orElseThrow();
        queue.delivered(take(), now);
        assertFalse(queue.isCircuitOpen());
        assertTrue(queue.next(now).isPresent());
        assertTrue(queue.next(now).isPresent());
    }

    @Test
    void thereIsABoundOnDocumentsThatWaitAndOnDeliveriesUnderWay() {
        for (int i = 0; i < DeliveryQueue.MAX_DOCUMENTS; i++) {
            assertTrue(queue.offer(event(Kind.CHANGED, "d" + i, 1), now));
        }
        assertFalse(queue.offer(event(Kind.CHANGED, "one more", 1), now));
        assertTrue(queue.offer(event(Kind.CHANGED, "d7", 2), now), "a document that waits already costs nothing more");
        now += DELAY;
        for (int i = 0; i < DeliveryQueue.MAX_UNDER_WAY; i++) {
            take();
        }
        assertEquals(Optional.empty(), queue.next(now));
        assertTrue(queue.nextDue().isEmpty());
    }

    /** The receiver fails at random; whatever it does, it has been told the last position of each document in the end, or the event is counted as dead. */
    @Test
    void inTheEndTheReceiverKnowsWhereEachDocumentIs() {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            DeliveryQueue one = new DeliveryQueue(DELAY, new Random(~seed));
            Map<String, Long> happened = new HashMap<>();
            Map<String, Long> told = new HashMap<>();
            Set<String> dead = new HashSet<>();
            Map<String, Delivery> underWay = new HashMap<>();
            long time = 0;
            for (int step = 0; step < 2_000 || one.size() > 0; step++) {
                if (step < 2_000 && random.nextInt(3) == 0) {
                    String document = "d" + random.nextInt(20);
                    long sequence = happened.merge(document, 1L, Long::sum);
                    dead.remove(document);
                    assertTrue(one.offer(event(Kind.CHANGED, document, sequence), time));
                }
                time += random.nextInt(500);
                for (Optional<Delivery> next = one.next(time); next.isPresent(); next = one.next(time)) {
                    underWay.put(next.get().event().document(), next.get());
                }
                if (!underWay.isEmpty() && random.nextInt(3) > 0) {
                    String document = underWay.keySet().iterator().next();
                    Delivery delivery = underWay.remove(document);
                    boolean good = random.nextInt(10) < (step < 1_000 ? 3 : 9);
                    if (good) {
                        told.merge(document, delivery.event().position().sequence(), Math::max);
                        one.delivered(delivery, time);
                    } else if (one.failed(delivery, time, 0, false).isPresent()) {
                        dead.add(document);
                    }
                } else if (underWay.isEmpty() && one.nextDue().isPresent() && step >= 2_000) {
                    time = Math.max(time, one.nextDue().getAsLong());
                }
            }
            String replay = "seed " + seed;
            happened.forEach((document, sequence) -> {
                if (!dead.contains(document)) {
                    assertEquals(sequence, told.get(document), replay + ", " + document);
                }
            });
            assertFalse(one.nextDue().isPresent(), replay);
        }
    }

    private void offer(Kind kind, String document, long sequence) {
        assertTrue(queue.offer(event(kind, document, sequence), now));
    }

    private Delivery take() {
        return queue.next(now).orElseThrow();
    }

    private static WebhookEvent event(Kind kind, String document, long sequence) {
        return new WebhookEvent(kind, document, 1, new Position(7, sequence), 1);
    }
}
