package dev.rejoin.server.transport;

import dev.rejoin.server.access.Principal;
import dev.rejoin.sync.session.DocumentName;
import java.util.function.Predicate;

/** A message of an application that an editor sent beside its document: neither kept nor passed on to others. */
public final class StatelessMessage {
    private final DocumentName document;
    private final Principal principal;
    private final boolean mayWrite;
    private final String payload;
    private final Predicate<String> answer;

    StatelessMessage(
            DocumentName document, Principal principal, boolean mayWrite, String payload, Predicate<String> answer) {
        this.document = document;
        this.principal = principal;
        this.mayWrite = mayWrite;
        this.payload = payload;
        this.answer = answer;
    }

    /** The document at which the editor is. */
    public DocumentName document() {
        return document;
    }

    /** Who sent it, as the access policy knows them. */
    public Principal principal() {
        return principal;
    }

    /** Whether the sender may change the document; readers send messages too. */
    public boolean mayWrite() {
        return mayWrite;
    }

    /** What was sent: any text, to be checked, at most as long as {@code max-frame}. */
    public String payload() {
        return payload;
    }

    /**
     * Sends a message to the editor that sent this one; from any thread, also later. Nobody learns whether it arrives.
     *
     * @return false if it was not sent because the editor does not keep up
     */
    public boolean answer(String text) {
        return answer.test(text);
    }
}
