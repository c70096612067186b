package dev.rejoin.client;

/**
 * How a client stands.
 *
 * @param connection the connection
 * @param code why it is in {@link ConnectionStatus#ERROR} or was lost last; empty if there is no reason
 * @param sync the writes
 * @param pending writes without a verdict; not those that were taken back, or refused with what they depend on, before they were sent
 * @param rejections refusals that have not been dealt with
 */
public record ClientStatus(ConnectionStatus connection, String code, SyncStatus sync, int pending, int rejections) {}
