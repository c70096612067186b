package dev.rejoin.server.access;

/** Makes keys of the content of a file or an answer. */
@FunctionalInterface
interface KeyParser {
    KeySet parse(byte[] content) throws UnusableKeysException;
}
