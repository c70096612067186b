package dev.rejoin.server.storage;

/**
 * What became of one transaction.
 *
 * @param first its lowest new dot
 * @param last its highest new dot
 * @param chain the author's chain checksum after it
 * @param code {@link LogRecord#ACCEPTED} or the reason for which it was voided
 */
public record StoredVerdict(long first, long last, int chain, String code, String message) {}
