package dev.rejoin.server;

import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** One thing that the program can be told to do. */
interface Command {
    /** Its name and what it takes. */
    CommandSpec spec();

    /**
     * Does it.
     *
     * @return the exit code
     * @throws BadOptionException for something on the command line that cannot be used
     * @throws dev.rejoin.server.storage.StoreDownException if the store cannot be used; the message is meant for the operator
     * @throws IOException if a file cannot be read or written
     */
    int run(ParseResult line, Terminal terminal) throws IOException;
}
