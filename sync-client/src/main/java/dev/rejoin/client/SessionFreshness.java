package dev.rejoin.client;

import java.util.OptionalLong;

/**
 * How fresh what a client shows is.
 *
 * @param isBehind whether the session has read or written something that does not show here yet: the honest thing is to say so
 * @param code why it is behind, if the server has given up; empty while it is being fetched
 * @param ageMillis what any server had admitted this long ago shows here, at most so old; empty if nobody can tell
 */
public record SessionFreshness(boolean isBehind, String code, OptionalLong ageMillis) {}
