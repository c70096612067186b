package dev.rejoin.demo;

import dev.rejoin.server.room.ContentValidator;

/** The demo's rule for what is typed and pasted: the word "forbidden" is no more allowed in texts than as a tag. */
final class WordPolicy implements ContentValidator {
    @Override
    public Decision judge(ProposedContent change) {
        return change.bringsIn("forbidden")
                ? Decision.reject("content-rejected", "“forbidden” is not allowed here")
                : Decision.accept();
    }
}
