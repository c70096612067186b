package dev.rejoin.server.room;

import dev.rejoin.sync.wire.FailureCode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** A log whose commits complete, or fail, when a test says so. */
final class FakeLog implements RoomLog {
    final Map<String, Kept> documents = new HashMap<>();
    final Set<String> damaged = new HashSet<>();
    private final ArrayDeque<Runnable> commits = new ArrayDeque<>();
    private final ArrayDeque<Committed> waiting = new ArrayDeque<>();
    long name = 0x1095L << 48;
    long incarnation = 7L << 16;
    int appends;
    int images;

    /** Whether the last append was. */
    boolean wasUrgent;

    /** What is durable of one document. */
    static final class Kept {
        long epoch;
        boolean deleted;
        long sequence;
        Optional<RoomImage> image = Optional.empty();
        final List<List<RoomRecord>> tail = new ArrayList<>();

        /** Which opening wrote each of the tail. */
        final List<Long> writers = new ArrayList<>();
    }

    /** Makes everything appended so far durable. */
    void commit() {
        while (!commits.isEmpty()) {
            commits.remove().run();
            waiting.remove().done(null);
        }
    }

    /** Loses everything appended so far. */
    void fail() {
        commits.clear();
        while (!waiting.isEmpty()) {
            waiting.remove().done(new DocumentUnavailableException(FailureCode.STORE_DOWN, "lost", null));
        }
    }

    @Override
    public CompletionStage<Optional<Stored>> load(String document) {
        if (damaged.contains(document)) {
            return CompletableFuture.failedFuture(
                    new DocumentUnavailableException(FailureCode.DOCUMENT_CORRUPT, "damaged on purpose", null));
        }
        if (documents.containsKey(document) && documents.get(document).deleted) {
            return CompletableFuture.failedFuture(
                    new DocumentUnavailableException(FailureCode.DOCUMENT_DELETED, "deleted", null));
        }
        return CompletableFuture.completedFuture(
                Optional.ofNullable(documents.get(document)).map(this::stored));
    }

    @Override
    public CompletionStage<Stored> create(String document, long epoch) {
        Kept kept = new Kept();
        kept.epoch = epoch;
        documents.put(document, kept);
        return CompletableFuture.completedFuture(stored(kept));
    }

    @Override
    public CompletionStage<Optional<Stored>> loadDeleted(String document) {
        return CompletableFuture.completedFuture(deleted(document).map(this::stored));
    }

    @Override
    public CompletionStage<Optional<Stored>> restore(String document, long epoch) {
        Optional<Kept> found = deleted(document);
        found.ifPresent(kept -> {
            kept.deleted = false;
            kept.epoch = epoch;
        });
        return CompletableFuture.completedFuture(found.map(this::stored));
    }

    @Override
    public CompletionStage<Optional<Stored>> recreate(String document, long epoch, List<RoomRecord> first) {
        if (deleted(document).isEmpty()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        Kept kept = new Kept();
        kept.epoch = epoch;
        if (!first.isEmpty()) {
            kept.tail.add(List.copyOf(first));
            kept.writers.add(incarnation);
            kept.sequence = 1;
        }
        documents.put(document, kept);
        return CompletableFuture.completedFuture(Optional.of(stored(kept)));
    }

    private Optional<Kept> deleted(String document) {
        return Optional.ofNullable(documents.get(document)).filter(kept -> kept.deleted);
    }

    @Override
    public CompletionStage<List<DocumentEntry>> list(String prefix, String after, int limit) {
        return CompletableFuture.completedFuture(documents.entrySet().stream()
                .filter(each ->
                        each.getKey().startsWith(prefix) && each.getKey().compareTo(after) > 0)
                .sorted(Map.Entry.comparingByKey())
                .limit(limit)
                .map(each -> new DocumentEntry(
                        each.getKey(),
                        each.getValue().epoch,
                        0,
                        each.getValue().sequence,
                        each.getValue().deleted,
                        false))
                .toList());
    }

    private Stored stored(Kept kept) {
        return new Stored(
                new Appender(kept), kept.epoch, kept.image, kept.tail, kept.sequence, kept.tail.size(), written(kept));
    }

    private HeldPositions written(Kept kept) {
        HeldPositions written = HeldPositions.NONE;
        for (int i = 0; i < kept.tail.size(); i++) {
            written = written.with(name(), kept.writers.get(i), kept.sequence - kept.tail.size() + 1 + i);
        }
        return written;
    }

    @Override
    public long name() {
        return name;
    }

    @Override
    public long incarnation() {
        return incarnation;
    }

    private final class Appender implements DocumentLog {
        private final Kept kept;
        private long appended;

        Appender(Kept kept) {
            this.kept = kept;
            this.appended = kept.sequence;
        }

        @Override
        public long append(List<RoomRecord> records, boolean urgent, Committed committed) {
            appends++;
            wasUrgent = urgent;
            long sequence = ++appended;
            commits.add(() -> {
                kept.tail.add(List.copyOf(records));
                kept.writers.add(incarnation);
                kept.sequence = sequence;
            });
            waiting.add(committed);
            return sequence;
        }

        @Override
        public CompletionStage<Void> delete() {
            CompletableFuture<Void> done = new CompletableFuture<>();
            commits.add(() -> kept.deleted = true);
            waiting.add(cause -> {
                if (cause == null) {
                    done.complete(null);
                } else {
                    done.completeExceptionally(cause);
                }
            });
            return done;
        }

        @Override
        public CompletionStage<Long> replaceBy(Supplier<RoomImage> image) {
            RoomImage made = image.get();
            images++;
            for (long left = kept.sequence - made.sequence(); kept.tail.size() > left; ) {
                kept.tail.remove(0);
                kept.writers.remove(0);
            }
            kept.image = Optional.of(made);
            return CompletableFuture.completedFuture((long) made.state().length);
        }
    }
}
