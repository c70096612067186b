package dev.rejoin.consistency.flow;

/** The ways in which a flow deals with a write that takes time, or a read that may be old. */
public enum Pattern {
    /** Shows at once, is taken back if it is refused. */
    OPTIMISTIC("shows at once, taken back if refused"),
    /** Shows that it is under way, and changes the value when it is done. */
    PESSIMISTIC("shows that it is under way"),
    /** Shared editing: shows at once and merges; what is not saved yet can be marked. */
    SHARED_EDITING("shows at once and merges"),
    /** A read that shows what the session has seen and done. */
    SESSION_READ("a read that shows what the session has done"),
    /** A view that stands still, with the own writes in it, until the user wants the news. */
    PINNED_VIEW("a view that stands still, own writes in it"),
    /** Waits until another view shows the write. */
    AWAIT_VISIBLE("waits until another view shows it"),
    /** A read that says how old it is. */
    BOUNDED_STALENESS("a read that says how old it is"),
    /** Asks the user before it goes on. */
    REVIEW("asks before it goes on"),
    /** Something that happens to the user: the server says so while the page is open. */
    ANNOUNCED("the server says so while the page is open");

    private final String meaning;

    Pattern(String meaning) {
        this.meaning = meaning;
    }

    /** In a few words. */
    public String meaning() {
        return meaning;
    }
}
