package dev.rejoin.server.access;

import java.util.concurrent.CompletionStage;

/** Where keys come from, fixed by configuration. Its set is always usable: a later one that is not is logged and passed over. */
sealed interface KeySource extends AutoCloseable permits FileKeys, UrlKeys {
    /** The last good set. */
    KeySet current();

    /**
     * Looks for newer keys because a token names one that is not there. Does not block.
     *
     * @return whether {@link #current} is then known to be up to date; not so if it may not or cannot look just now
     */
    CompletionStage<Boolean> refresh();

    @Override
    void close();
}
