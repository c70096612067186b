package dev.rejoin.server.room;

import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.document.Snapshot;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a write may happen. It sees each transaction of a client or of the HTTP endpoint, typed, against the
 * document as it is just before; a refused one is void as a whole and its author is told why.
 *
 * <p>Called on the thread that owns the document: it must be quick, must not block, and may be called for different
 * documents at once. One that throws refuses the write with code {@code validator-failed}. Writes of trusted code
 * ({@link RoomHandle#transact}) do not pass here.
 */
@FunctionalInterface
public interface MutationValidator {
    /** Lets everything pass. */
    MutationValidator ACCEPT_ALL = change -> Decision.accept();

    /** Accepts or refuses a write. */
    Decision judge(ProposedChange change);

    /**
     * A write that awaits its verdict.
     *
     * @param document name of the document
     * @param author the replica that wrote it; null for a write over HTTP
     * @param mutations what it would change. Of a client: derived from what would be stored; objects of types unknown to this
     *     version are left out, so the list may be empty. Over HTTP: those of the request, whether they have an effect or not
     * @param before the document without it
     */
    record ProposedChange(String document, @Nullable ReplicaId author, List<Mutation> mutations, Snapshot before) {
        /** Takes a copy of the list. */
        public ProposedChange {
            mutations = List.copyOf(mutations);
        }
    }

    /**
     * A verdict.
     *
     * @param code empty to accept, otherwise for programs: lower-case letters, digits and dashes, at most 64
     * @param message for people; at most 1,024 characters
     */
    record Decision(String code, String message) {
        private static final Pattern CODE = Pattern.compile("[a-z][a-z0-9-]{0,63}");
        private static final int MAX_MESSAGE_CHARACTERS = 1_024;
        private static final Decision ACCEPT = new Decision("", "");

        /**
         * Checks code and message.
         *
         * @throws IllegalArgumentException if the code has another form or the message is too long
         */
        public Decision {
            Objects.requireNonNull(message, "message");
            if (!code.isEmpty() && !CODE.matcher(code).matches()) {
                throw new IllegalArgumentException("a code is [a-z][a-z0-9-]{0,63}, not '" + code + "'");
            }
            if (message.length() > MAX_MESSAGE_CHARACTERS) {
                throw new IllegalArgumentException(
                        "a message has at most " + MAX_MESSAGE_CHARACTERS + " characters, not " + message.length());
            }
        }

        /** Lets the write happen. */
        public static Decision accept() {
            return ACCEPT;
        }

        /**
         * Refuses the write.
         *
         * @throws IllegalArgumentException if the code is empty or has another form, or the message is too long
         */
        public static Decision reject(String code, String message) {
            if (code.isEmpty()) {
                throw new IllegalArgumentException("a refusal needs a code");
            }
            return new Decision(code, message);
        }

        /** Whether the write may happen. */
        public boolean accepted() {
            return code.isEmpty();
        }
    }
}
