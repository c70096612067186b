package dev.rejoin.demo;

import dev.rejoin.crdt.Mutation;
import dev.rejoin.server.room.MutationValidator;

/** The demo's rule for writes: a title has at most 120 characters, a tag at most 40, and no tag is called "forbidden". */
final class TagPolicy implements MutationValidator {
    private static final int MAX_TAG = 40;
    private static final int MAX_TITLE = 120;

    @Override
    public Decision judge(ProposedChange change) {
        for (Mutation mutation : change.mutations()) {
            if (!(mutation.value() instanceof String text)) {
                continue;
            }
            if (mutation.op() == Mutation.Op.ADD && text.equalsIgnoreCase("forbidden")) {
                return Decision.reject(
                        "content-rejected",
                        mutation.path().contains("tags")
                                ? "this tag is not allowed here"
                                : "this word is not allowed here");
            }
            if (mutation.op() == Mutation.Op.ADD && text.length() > MAX_TAG) {
                return Decision.reject("content-rejected", "a tag has at most " + MAX_TAG + " characters");
            }
            if (mutation.op() == Mutation.Op.SET && text.length() > MAX_TITLE) {
                return Decision.reject("content-rejected", "a title has at most " + MAX_TITLE + " characters");
            }
        }
        return Decision.accept();
    }
}
