package dev.rejoin.server.room;

import dev.rejoin.crdt.yjs.ProposedEdit;
import dev.rejoin.crdt.yjs.YDocView;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a change of the content may happen. It sees each update of an editor, and each write of content over HTTP, as what it would do to the types that are
 * there. A refused one is void as a whole: editors, the author's included, show what was there before, and what its author writes after it is a change of its own.
 *
 * <p>Called on the thread that owns the document: it must be quick, must not block, and may be called for different
 * documents at once. One that throws refuses the change with code {@code validator-failed}. It is not asked about changes that nobody can see, nor about
 * writes of trusted code ({@link RoomHandle#transact}).
 */
@FunctionalInterface
public interface ContentValidator {
    /** Lets everything pass; nothing is worked out for it. */
    ContentValidator ACCEPT_ALL = change -> Decision.accept();

    /** Accepts or refuses a change. */
    Decision judge(ProposedContent change);

    /** Whether {@link ProposedContent#before} is wanted, which costs copies of the pages that a change writes. */
    default boolean readsBefore() {
        return false;
    }

    /**
     * A change that awaits its verdict; not to be kept.
     *
     * @param document name of the document
     * @param user id of the principal whose connection or request it came by; empty for nobody in particular
     * @param clients the Yjs clients that have inserted something, by what the update says of itself; usually one, several if somebody passes on what others wrote
     * @param edits what it does to each type, one edit at least
     * @param before the document without it, what is not yet on the disk included; null unless {@link #readsBefore}
     */
    record ProposedContent(
            String document,
            String user,
            Set<Long> clients,
            List<ProposedEdit> edits,
            @Nullable YDocView before) {
        /** Takes copies. */
        public ProposedContent {
            clients = Set.copyOf(clients);
            edits = List.copyOf(edits);
        }

        /**
         * Whether a word is in what the change brings in, or is completed by it in a text. A text that held the word before can still be edited. O(change · (word + log text))
         */
        public boolean bringsIn(String word) {
            return edits.stream().anyMatch(edit -> edit.bringsIn(word));
        }
    }

    /** What becomes of a change that is refused. */
    enum Remedy {
        /** It is void for everybody, and its author goes on. */
        COMPENSATE,
        /** It is not applied, and the session that brought it ends with {@code content-rejected}: its page has to load again without its local copy. */
        RESET_SENDER
    }

    /**
     * A verdict.
     *
     * @param code empty to accept, otherwise for programs: lower-case letters, digits and dashes, at most 64
     * @param message for people; at most 1,024 characters
     * @param remedy of a refusal
     */
    record Decision(String code, String message, Remedy remedy) {
        private static final Decision ACCEPT = new Decision("", "", Remedy.COMPENSATE);

        /**
         * Checks code and message.
         *
         * @throws IllegalArgumentException if the code has another form or the message is too long
         */
        public Decision {
            MutationValidator.Decision checked = new MutationValidator.Decision(code, message);
            code = checked.code();
            message = checked.message();
            Objects.requireNonNull(remedy, "remedy");
        }

        /** Lets the change happen. */
        public static Decision accept() {
            return ACCEPT;
        }

        /**
         * Refuses the change; it is void for everybody.
         *
         * @throws IllegalArgumentException if the code is empty or has another form, or the message is too long
         */
        public static Decision reject(String code, String message) {
            if (code.isEmpty()) {
                throw new IllegalArgumentException("a refusal needs a code");
            }
            return new Decision(code, message, Remedy.COMPENSATE);
        }

        /** The same, with another remedy. */
        public Decision with(Remedy other) {
            return new Decision(code, message, other);
        }

        /** Whether the change may happen. */
        public boolean accepted() {
            return code.isEmpty();
        }
    }
}
