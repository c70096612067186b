package dev.rejoin.crdt.yjs;

/**
 * What became of a change that was {@linkplain Proposal#refuse refused}.
 *
 * @param refused the units that it would have inserted: they are in the document as deleted ones, without content
 * @param restored the units that it has deleted or overwritten: copies of them stand where they stood
 */
public record Refusal(DeleteSet refused, DeleteSet restored) {}
