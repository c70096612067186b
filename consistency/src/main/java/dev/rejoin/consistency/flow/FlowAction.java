package dev.rejoin.consistency.flow;

/** What a message lets the user do. */
public enum FlowAction {
    /** The same again. */
    RETRY,
    /** Back to how it was. */
    UNDO,
    /** Change what was written, then send it. */
    EDIT,
    /** Give up what was written. */
    DISCARD,
    /** Take what was written elsewhere. */
    COPY,
    /** Accept what another has written. */
    KEEP_THEIRS,
    /** Write the own value again. */
    KEEP_MINE,
    /** Look at it item by item. */
    REVIEW,
    /** Ask for the right that is missing. */
    REQUEST_ACCESS,
    /** Say anew who one is. */
    SIGN_IN,
    /** Open it anew. */
    RELOAD,
    /** Keep the own copy as another document. */
    SAVE_COPY,
    /** Leave it. */
    CLOSE
}
