package dev.rejoin.server.storage;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** One thing that a {@link LogWriter} is asked for, and who hears what became of it. */
sealed interface LogRequest {
    /** It has come to nothing. */
    void fail(RuntimeException cause);

    /** What of it waits in memory. */
    default long bytes() {
        return 0;
    }

    /** Whether it is committed together with others. */
    default boolean isGrouped() {
        return false;
    }

    /** Whether the pace of commits does not keep it waiting. */
    default boolean isUrgent() {
        return !isGrouped();
    }

    record Append(LogDocument document, long sequence, byte[] value, boolean isUrgent, AppendListener listener)
            implements LogRequest {
        @Override
        public void fail(RuntimeException cause) {
            listener.failed(
                    sequence,
                    cause instanceof StoreDownException down ? down : new StoreDownException("not stored", cause));
        }

        @Override
        public long bytes() {
            return value.length;
        }

        @Override
        public boolean isGrouped() {
            return true;
        }
    }

    record Create(String name, long epoch, CompletableFuture<StoredDocument> result) implements LogRequest {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }

        @Override
        public boolean isGrouped() {
            return true;
        }
    }

    record Load(String name, boolean deleted, CompletableFuture<Optional<StoredDocument>> result)
            implements LogRequest {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }
    }

    record Delete(LogDocument document, CompletableFuture<Long> result) implements LogRequest {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }
    }

    /** A deleted document lives again: as it was, or with nothing but its first records. */
    record Revive(
            String name,
            long epoch,
            Optional<List<LogRecord>> first,
            CompletableFuture<Optional<StoredDocument>> result)
            implements LogRequest {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }
    }

    record Expire(long beforeMillis, CompletableFuture<Integer> result) implements LogRequest {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }
    }

    record Alone<T>(Supplier<T> step, CompletableFuture<T> result) implements LogRequest {
        void run() {
            try {
                result.complete(step.get());
            } catch (IntakeRefusedException refused) {
                result.completeExceptionally(refused);
            }
        }

        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }
    }

    record Snapshot(LogDocument document, StoredSnapshot snapshot, CompletableFuture<Long> result)
            implements LogRequest {
        @Override
        public void fail(RuntimeException cause) {
            result.completeExceptionally(cause);
        }

        @Override
        public long bytes() {
            return snapshot.state().length;
        }
    }
}
