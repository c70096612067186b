package dev.rejoin.server.metrics;

/**
 * How the server follows one of its peers, for the page of metrics. What is not known is {@link Double#NaN}.
 *
 * @param peer its address
 * @param up 1 while the link is open, otherwise 0
 * @param due documents known to be out of date
 * @param shownThroughSeconds what the peer had admitted at this time, in seconds since 1970 by this server's clock, is here
 * @param lagSeconds how long what is here now took to come; grows while nothing comes. Of a peer that has not been heard of since, how long it has been waited for
 * @param p50Seconds half of the last minute the lag was at most this
 * @param p95Seconds 95 % of it
 * @param p99Seconds 99 % of it
 */
public record PeerReading(
        String peer,
        double up,
        double due,
        double shownThroughSeconds,
        double lagSeconds,
        double p50Seconds,
        double p95Seconds,
        double p99Seconds) {}
