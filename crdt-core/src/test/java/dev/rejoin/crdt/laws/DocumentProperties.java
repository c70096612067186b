package dev.rejoin.crdt.laws;

/** The document, with every type at its root and below maps and transactions over several of them, keeps every law. */
class DocumentProperties extends LawSuite {
    DocumentProperties() {
        super(EngineBackend.of(DocumentPeer::create), Kind.MAP, Scenario.document());
    }
}
