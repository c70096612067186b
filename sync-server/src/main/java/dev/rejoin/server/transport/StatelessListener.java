package dev.rejoin.server.transport;

/**
 * One who hears what applications send beside the document, with {@code sendStateless} of a Hocuspocus provider. Called by the
 * threads that serve sockets, several at a time, for one connection in the order in which it sends: must not block.
 */
@FunctionalInterface
public interface StatelessListener {
    /** Hears nothing. */
    StatelessListener NONE = message -> {};

    /** A message has come. What is thrown is logged, and changes nothing for anybody. */
    void received(StatelessMessage message);
}
