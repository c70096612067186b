package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.server.access.Access;
import dev.rejoin.server.access.AccessChange;
import dev.rejoin.server.access.AccessListeners;
import dev.rejoin.server.access.AccessPolicy;
import dev.rejoin.server.access.AccessRequest;
import dev.rejoin.server.access.Capability;
import dev.rejoin.server.access.Denied;
import dev.rejoin.server.access.Grant;
import dev.rejoin.server.access.Principal;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Who is asked for again, and when, on a loop whose time is in the test's hands. */
final class DoorkeeperTest {
    private final MockTicker ticker = Ticker.newMockTicker();
    private final EmbeddedChannel channel =
            EmbeddedChannel.builder().ticker(ticker).build();
    private final EventExecutor loop = channel.eventLoop();
    private final AccessListeners listeners = new AccessListeners();
    private final List<String> asked = new ArrayList<>();
    private long costNanos;
    private long lifeMillis = 600_000;

    /** When every leave ends; 0 if each lasts {@link #lifeMillis}. */
    private long endMillis;

    private final Doorkeeper doorkeeper = new Doorkeeper(
            new AccessPolicy() {
                @Override
                public CompletionStage<Access> authorise(AccessRequest request) {
                    asked.add(request.document());
                    ticker.advance(costNanos, TimeUnit.NANOSECONDS);
                    if (endMillis > 0 && now() >= endMillis) {
                        return CompletableFuture.completedFuture(Denied.of(Denied.NEEDS_AUTH));
                    }
                    return CompletableFuture.completedFuture(new Grant(
                            new Principal("ann", "Ann"),
                            Capability.WRITE,
                            endMillis > 0 ? endMillis : now() + lifeMillis));
                }

                @Override
                public Subscription onChange(Consumer<AccessChange> listener) {
                    return listeners.add(listener);
                }
            },
            this::now,
            new ConnectionGate(10, RateLimits.DEFAULTS, new TransportObserver() {}, 0));

    private long now() {
        return TimeUnit.NANOSECONDS.toMillis(ticker.nanoTime());
    }

    private void pass(long millis) {
        for (long i = 0; i < millis; i++) {
            ticker.advance(1, TimeUnit.MILLISECONDS);
            channel.runPendingTasks();
            channel.runScheduledPendingTasks();
        }
    }

    private Doorkeeper.Permit open(String document, List<Long> warnings) {
        return doorkeeper.open(new AccessRequest(document, "", ""), loop, new Doorkeeper.Visitor() {
            @Override
            public void granted(Grant grant) {}

            @Override
            public void denied(Denied denied) {}

            @Override
            public void expiring() {
                warnings.add(now());
            }
        });
    }

    @Test
    void whoeverComesInIsWarnedOnceBeforeTheLeaveEndsAndAskedForAgainWhenItDoes() {
        List<Long> warnings = new ArrayList<>();
        open("d", warnings);
        pass(600_000 - 2 * Doorkeeper.NOTICE_MILLIS - 1);
        assertEquals(List.of(), warnings);
        pass(Doorkeeper.NOTICE_MILLIS + 1);
        assertEquals(1, warnings.size());
        assertEquals(1, asked.size());
        pass(Doorkeeper.NOTICE_MILLIS);
        assertEquals(2, asked.size());
        assertEquals(1, warnings.size());
    }

    @Test
    void notAllAreWarnedAtOnce() {
        List<Long> warnings = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            open("d" + i, warnings);
        }
        pass(600_000);
        assertEquals(100, warnings.size());
        assertTrue(new TreeSet<>(warnings).size() > 90, "moments: " + new TreeSet<>(warnings));
    }

    @Test
    void aShortLeaveIsWarnedOfHalfWay() {
        lifeMillis = 10_000;
        List<Long> warnings = new ArrayList<>();
        open("d", warnings);
        pass(5_001);
        assertEquals(1, warnings.size());
    }

    @Test
    void whoeverShowsTheSameTokenAgainIsWarnedTwiceAndLeavesWhenItEnds() {
        endMillis = now() + 100_000;
        List<Long> warnings = new ArrayList<>();
        List<Long> denials = new ArrayList<>();
        Doorkeeper.Permit[] permit = new Doorkeeper.Permit[1];
        permit[0] = doorkeeper.open(new AccessRequest("d", "the same", ""), loop, new Doorkeeper.Visitor() {
            @Override
            public void granted(Grant grant) {}

            @Override
            public void denied(Denied denied) {
                denials.add(now());
            }

            @Override
            public void expiring() {
                warnings.add(now());
                permit[0].renew("the same");
            }
        });
        pass(100_000 - 1);
        assertEquals(2, warnings.size(), () -> "moments: " + warnings);
        assertEquals(List.of(), denials, "what was granted holds until its end");
        pass(1_000);
        assertEquals(1, denials.size());
        assertEquals(2, warnings.size());
    }

    @Test
    void whoeverShowsABetterTokenAfterTheSecondWarningIsWarnedAgainBeforeThatOneEnds() {
        endMillis = now() + 100_000;
        List<Long> warnings = new ArrayList<>();
        Doorkeeper.Permit[] permit = new Doorkeeper.Permit[1];
        permit[0] = doorkeeper.open(new AccessRequest("d", "", ""), loop, new Doorkeeper.Visitor() {
            @Override
            public void granted(Grant grant) {}

            @Override
            public void denied(Denied denied) {}

            @Override
            public void expiring() {
                warnings.add(now());
                endMillis += warnings.size() % 2 == 0 ? 100_000 : 0;
                permit[0].renew("");
            }
        });
        pass(300_000);
        assertEquals(now() + 100_000, endMillis);
        assertEquals(6, warnings.size(), () -> "moments: " + warnings);
    }

    @Test
    void afterAChangeOfEverythingTheLoopHasPausesAndAllAreAskedFor() {
        List<Doorkeeper.Permit> permits = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            permits.add(open("d" + i, new ArrayList<>()));
        }
        channel.runPendingTasks();
        asked.clear();
        costNanos = TimeUnit.MICROSECONDS.toNanos(500);
        listeners.tell(AccessChange.ALL);
        channel.runPendingTasks();
        assertEquals(4, asked.size(), "what fits into one slice");
        pass(1);
        assertEquals(4, asked.size(), "as long a pause follows");
        pass(2);
        assertEquals(8, asked.size());
        permits.get(999).close();
        pass(1_000);
        assertEquals(999, new TreeSet<>(asked).size(), "all but the one that has left meanwhile");
    }

    @Test
    void oneWhoseRightsChangedIsAskedForAtOnce() {
        for (int i = 0; i < 200; i++) {
            open("d" + i, new ArrayList<>());
        }
        channel.runPendingTasks();
        asked.clear();
        listeners.tell(AccessChange.document("d7"));
        channel.runPendingTasks();
        assertEquals(List.of("d7"), asked);
    }
}
