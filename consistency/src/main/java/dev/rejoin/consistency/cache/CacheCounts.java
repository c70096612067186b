package dev.rejoin.consistency.cache;

/**
 * What a cache has done since it was made.
 *
 * @param hits answers from the cache
 * @param loads calls of the loader
 * @param shared answers from a load that was already under way
 * @param refusedFills loaded values that were not kept because something newer was known
 * @param behind answers that did not show what was asked for
 */
public record CacheCounts(long hits, long loads, long shared, long refusedFills, long behind) {}
