package dev.rejoin.server.webhook;

/** One who counts deliveries. Called on several threads; must neither block nor throw. */
public interface WebhookObserver {
    /** A receiver has taken a delivery. */
    default void delivered() {}

    /** An attempt has failed; it may be tried again. */
    default void failed() {}

    /** An event is never delivered. */
    default void dead(String reason) {}
}
