package dev.rejoin.server.replication;

import dev.rejoin.consistency.session.PositionVector;
import dev.rejoin.sync.session.DocumentName;
import dev.rejoin.sync.wire.LinkMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Anti-entropy over one link: which documents are out of date, a few of them at a time brought up to date, and from time to time all of them
 * compared. Belongs to the loop of the replication.
 */
final class Catching {
    private static final Logger LOG = LoggerFactory.getLogger(Catching.class);
    private static final int PAGE = 256;
    private static final int MAX_KNOWN = 65_536;
    private static final int MAX_STOPPED = 1_024;
    private static final int MAX_TRIES = 5;

    private final Replication home;
    private final Following link;
    private final Map<String, Due> due = new LinkedHashMap<>();
    private final Map<String, Working> working = new HashMap<>();

    /** Through which entry of the peer's log documents are here, so that comparing them costs nothing. */
    private final Map<String, Reached> known = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Reached> eldest) {
            return size() > MAX_KNOWN;
        }
    };

    /** Why documents are not taken from the peer any more. */
    private final Map<String, Stopped> stopped = new LinkedHashMap<>();

    private boolean comparing;
    private boolean compareAgain;
    private long compareOperation;
    private String comparedThrough = "";
    private boolean pageAsked;
    private boolean caughtUp;
    private long repairDue = Long.MAX_VALUE;

    private record Reached(long epoch, long sequence) {}

    private record Stopped(long epoch, String reason) {}

    private static final class Due {
        final long operation;
        int tries;
        final List<CompletableFuture<PositionVector>> waiting = new ArrayList<>();

        Due(long operation) {
            this.operation = operation;
        }
    }

    private static final class Working {
        final Due due;
        boolean again;
        final List<CompletableFuture<PositionVector>> waitingForNext = new ArrayList<>();

        Working(Due due) {
            this.due = due;
        }
    }

    Catching(Replication home, Following link) {
        this.home = home;
        this.link = link;
    }

    /** Compares all documents, or once more if it is at it. */
    void compareAll() {
        if (comparing) {
            compareAgain = true;
            return;
        }
        comparing = true;
        compareOperation = link.begin();
        comparedThrough = "";
        repairDue = Long.MAX_VALUE;
        askForPage();
    }

    private void askForPage() {
        if (comparing && !pageAsked && due.size() < PAGE) {
            pageAsked = true;
            link.list(comparedThrough);
        }
    }

    void standings(LinkMessage.Standings standings) {
        standings.standings().forEach(this::consider);
        if (!standings.answer()) {
            if (standings.last()) {
                compareAll();
            }
            return;
        }
        pageAsked = false;
        if (!standings.standings().isEmpty()) {
            comparedThrough =
                    standings.standings().get(standings.standings().size() - 1).document();
        }
        if (standings.last() || standings.standings().isEmpty()) {
            compared();
        } else {
            askForPage();
        }
    }

    private void compared() {
        comparing = false;
        long operation = compareOperation;
        if (compareAgain) {
            compareAgain = false;
            compareAll();
        } else {
            caughtUp = true;
            repairDue = home.loop().millis() + home.options().repair().toMillis();
        }
        link.finish(operation);
    }

    private void consider(LinkMessage.Standing standing) {
        Reached reached = known.get(standing.document());
        boolean here = reached != null
                && !standing.deleted()
                && reached.epoch() == standing.epoch()
                && reached.sequence() >= standing.sequence();
        if (!here) {
            due(standing.document());
        }
    }

    /** Everything up to this entry of the peer's log is here. */
    void known(String document, long epoch, long sequence) {
        Reached before = known.get(document);
        if (before == null || before.epoch() != epoch || before.sequence() < sequence) {
            known.put(document, new Reached(epoch, sequence));
        }
    }

    /** The document is out of date, or may be. */
    void due(String document) {
        Working busy = working.get(document);
        if (busy != null) {
            busy.again = true;
        } else if (due.size() >= home.options().maxDueDocuments()) {
            compareAll();
        } else {
            due.computeIfAbsent(document, missing -> new Due(link.begin()));
            work();
        }
    }

    /** Brings one document up to date at once; completes with what the peer holds of it. Fails if the link ends. */
    CompletionStage<PositionVector> fetch(String document) {
        CompletableFuture<PositionVector> result = new CompletableFuture<>();
        Working busy = working.get(document);
        if (busy != null) {
            busy.again = true;
            busy.waitingForNext.add(result);
            return result;
        }
        Due one = due.remove(document);
        if (one == null) {
            one = new Due(link.begin());
        }
        one.waiting.add(result);
        work(document, one);
        return result;
    }

    private void work() {
        while (working.size() < home.options().maxOpenDocuments() && !due.isEmpty()) {
            String document = due.keySet().iterator().next();
            Due one = due.remove(document);
            if (one != null) {
                work(document, one);
            }
        }
        askForPage();
    }

    private void work(String document, Due one) {
        working.put(document, new Working(one));
        long own = link.life();
        new DocumentSync(home, link, document).run().whenComplete((result, failure) -> {
            home.rooms().letGo(DocumentName.of(document));
            if (own != link.life()) {
                return;
            }
            if (result == null) {
                failed(document, failure);
            } else {
                settled(document, result);
            }
        });
    }

    private void settled(String document, DocumentSync.Result result) {
        Working done = working.remove(document);
        if (done == null) {
            return;
        }
        if (result.stop() != null) {
            stop(document, result.epoch(), result.stop(), result.message());
        } else {
            stopped.remove(document);
        }
        done.due.waiting.forEach(one -> one.complete(result.held()));
        if (done.again || result.again()) {
            Due next = due.computeIfAbsent(document, missing -> new Due(link.begin()));
            next.waiting.addAll(done.waitingForNext);
        }
        link.finish(done.due.operation);
        home.taken(document);
        work();
    }

    private void failed(String document, Throwable failure) {
        Working done = working.remove(document);
        if (done == null) {
            return;
        }
        List<CompletableFuture<PositionVector>> waiting = new ArrayList<>(done.due.waiting);
        waiting.addAll(done.waitingForNext);
        waiting.forEach(one -> one.completeExceptionally(failure));
        done.due.waiting.clear();
        done.due.tries++;
        if (done.due.tries >= MAX_TRIES) {
            LOG.warn("document '{}' cannot be brought up to date with {} now", document, link.address(), failure);
            link.finish(done.due.operation);
            known.remove(document);
            work();
            return;
        }
        long own = link.life();
        home.loop()
                .schedule(
                        () -> {
                            if (own == link.life()) {
                                Due other = due.put(document, done.due);
                                if (other != null) {
                                    done.due.waiting.addAll(other.waiting);
                                    link.finish(other.operation);
                                }
                                work();
                            }
                        },
                        home.options().retryMillis());
        work();
    }

    /** What the peer says of the document cannot be taken. */
    void refused(String document, long epoch, String message) {
        stop(document, epoch, "refused", message);
    }

    private void stop(String document, long epoch, String reason, String message) {
        Stopped before = stopped.get(document);
        if (before != null && before.equals(new Stopped(epoch, reason))) {
            return;
        }
        if (stopped.size() < MAX_STOPPED || before != null) {
            stopped.put(document, new Stopped(epoch, reason));
        }
        LOG.error("document '{}' is not taken from {}: {}: {}", document, link.address(), reason, message);
        home.observer().stopped(link.address(), document, reason);
    }

    void tick(long now) {
        if (link.isLinked() && now >= repairDue) {
            compareAll();
        }
    }

    /** The link is gone: what was under way is of no interest any more. */
    void stop() {
        List<CompletableFuture<PositionVector>> waiting = new ArrayList<>();
        due.values().forEach(one -> waiting.addAll(one.waiting));
        working.values().forEach(one -> {
            waiting.addAll(one.due.waiting);
            waiting.addAll(one.waitingForNext);
        });
        due.clear();
        working.clear();
        comparing = false;
        compareAgain = false;
        pageAsked = false;
        caughtUp = false;
        repairDue = Long.MAX_VALUE;
        waiting.forEach(one ->
                one.completeExceptionally(new IllegalStateException("the link to " + link.address() + " is closed")));
    }

    boolean isCaughtUp() {
        return caughtUp;
    }

    int dueCount() {
        return due.size() + working.size();
    }

    /** Documents that are not taken from the peer, with the reasons. */
    Map<String, String> stoppedDocuments() {
        Map<String, String> all = new LinkedHashMap<>();
        stopped.forEach((document, why) -> all.put(document, why.reason()));
        return all;
    }
}
