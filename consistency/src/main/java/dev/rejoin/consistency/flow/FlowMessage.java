package dev.rejoin.consistency.flow;

import java.util.List;

/**
 * What a user is told.
 *
 * @param text a sentence, or the key of one in the application's texts; {@code {usual}}, {@code {lag}}, {@code {by}}, {@code {count}} and {@code
 *     {time}} are filled in
 * @param actions what the user may do about it, in order
 */
public record FlowMessage(String text, List<FlowAction> actions) {
    /** Copies the list. */
    public FlowMessage {
        actions = List.copyOf(actions);
    }

    /** A message. */
    public static FlowMessage of(String text, FlowAction... actions) {
        return new FlowMessage(text, List.of(actions));
    }
}
