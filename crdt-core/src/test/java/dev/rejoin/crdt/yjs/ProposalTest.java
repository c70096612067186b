package dev.rejoin.crdt.yjs;

class ProposalTest {}
