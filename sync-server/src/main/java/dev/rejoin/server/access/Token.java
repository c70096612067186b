package dev.rejoin.server.access;

/**
 * What a token that passed every check says.
 *
 * @param id its {@code jti}; empty if it has none
 * @param expiresAtMillis when it ends, skew included
 */
record Token(Principal principal, String id, long expiresAtMillis, DocumentRights rights) {}
