package dev.rejoin.consistency.flow;

/** What a message lets the user do. */
public enum FlowAction {
    RETRY,
    UNDO,
    EDIT,
    DISCARD,
    COPY,
    KEEP_THEIRS,
    KEEP_MINE,
    REVIEW,
    REQUEST_ACCESS,
    SIGN_IN,
    RELOAD,
    SAVE_COPY,
    CLOSE
}
