package dev.rejoin.conformance.yjs;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Scripts that once made a difference, as small as they could be made: the files under {@code scripts}. A failure of {@link
 * SchedulesIT} or {@link SingleClientBytesIT} prints such a script.
 */
class CounterexamplesIT {
    private static final Path SCRIPTS = Path.of("src/test/resources/dev/rejoin/conformance/yjs/scripts");

    @Test
    void nothingThatWentWrongGoesWrongAgain() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(SCRIPTS)) {
            files = all.sorted().toList();
        }
        assertFalse(files.isEmpty());
        try (Counterexample exact = new Counterexample(true);
                Counterexample alike = new Counterexample(false)) {
            for (Path file : files) {
                Script script = Script.parse(Files.readString(file));
                Throwable wrong = (script.peers().size() == 1 ? exact : alike).judge(script);
                if (wrong != null) {
                    throw new AssertionError(file + ": " + wrong.getMessage(), wrong);
                }
            }
        }
    }
}
