package dev.rejoin.conformance.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What pages point at exists: files, headings, classes, tests, jars, metrics. */
final class DocumentationTest {
    private static final Pattern LINK = Pattern.compile("(?<!\\\\)\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.+?) *$");
    private static final Pattern FENCED = Pattern.compile("(?ms)^( *```+).*?^\\1 *$");
    private static final Pattern FILE = Pattern.compile("`([A-Za-z/-]+\\.(?:java|ts|mjs|proto))`");
    private static final Pattern TEST = Pattern.compile(
            "`([A-Z]\\w*[a-z](?:Test|IT|Properties|Laws|Simulation|Fuzz|Acceptance))(?:\\.(?!java)(\\w+))?`");
    private static final Pattern PAGE = Pattern.compile("(?<![\\w/])(docs/[a-z0-9/-]+\\.md)");
    private static final Pattern METRIC = Pattern.compile("\\brejoin_[a-z_]+");
    private static final Pattern PROBLEM =
            Pattern.compile("(?:problem\\(\\s*HttpResponseStatus\\.\\w+,|bad\\()\\s*\"([a-z-]+)\"");
    private static final Pattern JAR = Pattern.compile("([a-z-]+)/target/([a-z-]+?)(-[0-9][0-9A-Z.a-z-]*)?\\.jar");

    private final List<String> faults = new ArrayList<>();

    @Test
    void linksLeadToAFileAndAHeading() {
        int links = 0;
        for (Path page : Checkout.pages()) {
            Matcher link = LINK.matcher(prose(page));
            while (link.find()) {
                links++;
                check(page, link.group(1));
            }
        }
        assertTrue(links > 100, "found only " + links);
        assertEquals(List.of(), faults);
    }

    @Test
    void aLinkThatLeadsNowhereIsNoticed() {
        Path readme = Checkout.ROOT.resolve("README.md");
        check(readme, "docs/missing.md");
        check(readme, "docs/README.md#no-such-heading");
        check(readme, "docs/README.md#coding");
        check(readme, "https://example.org/");
        assertEquals(2, faults.size(), faults.toString());
    }

    private void check(Path page, String target) {
        if (target.matches("[a-z]+:.*")) {
            return;
        }
        int hash = target.indexOf('#');
        String path = hash < 0 ? target : target.substring(0, hash);
        Path file = path.isEmpty() ? page : page.resolveSibling(path).normalize();
        if (!Files.exists(file)) {
            fault(page, target + " does not exist");
        } else if (hash >= 0 && !anchors(file).contains(target.substring(hash + 1))) {
            fault(page, target + " is no heading of that page");
        }
    }

    private static Set<String> anchors(Path page) {
        Set<String> anchors = new HashSet<>();
        Matcher heading = HEADING.matcher(prose(page));
        while (heading.find()) {
            anchors.add(heading.group(1)
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N} _-]", "")
                    .replace(' ', '-'));
        }
        return anchors;
    }

    @Test
    void pagesNamedInTheCodeExist() {
        int named = 0;
        for (Path file : Checkout.files(".java", ".ts", ".proto", ".mjs", ".xml")) {
            Matcher page = PAGE.matcher(Checkout.read(file));
            while (page.find()) {
                named++;
                if (!Files.exists(Checkout.ROOT.resolve(page.group(1)))
                        && !page.group(1).contains("missing")) {
                    fault(file, page.group(1) + " does not exist");
                }
            }
        }
        assertTrue(named > 5, "found only " + named);
        assertEquals(List.of(), faults);
    }

    @Test
    void sourcesNamedInPagesExist() {
        List<String> sources = Checkout.files(".java", ".ts", ".mjs", ".proto").stream()
                .map(file -> "/" + Checkout.name(file))
                .toList();
        int named = 0;
        for (Path page : Checkout.pages()) {
            Matcher file = FILE.matcher(prose(page));
            while (file.find()) {
                named++;
                String ending = "/" + file.group(1);
                String shown = "class " + file.group(1).replace(".java", " ");
                if (!Checkout.read(page).contains(shown)
                        && sources.stream().noneMatch(source -> source.endsWith(ending))) {
                    fault(page, file.group(1) + " does not exist");
                }
            }
        }
        assertTrue(named > 40, "found only " + named);
        assertEquals(List.of(), faults);
    }

    @Test
    void testsNamedInPagesExist() {
        Map<String, Path> tests = Checkout.files(".java").stream()
                .filter(file -> Checkout.name(file).contains("/src/test/"))
                .collect(Collectors.toMap(
                        file -> file.getFileName().toString().replace(".java", ""), file -> file, (one, other) -> one));
        int named = 0;
        for (Path page : Checkout.pages()) {
            Matcher test = TEST.matcher(prose(page));
            while (test.find()) {
                named++;
                Path file = tests.get(test.group(1));
                if (Checkout.name(page).equals("CONTRIBUTING.md")) {
                    continue; // speaks of names in general
                }
                if (file == null) {
                    fault(page, test.group(1) + " does not exist");
                } else if (test.group(2) != null && !Checkout.read(file).contains("void " + test.group(2) + "(")) {
                    fault(page, test.group() + " does not exist");
                }
            }
        }
        assertTrue(named > 30, "found only " + named);
        assertEquals(List.of(), faults);
    }

    @Test
    void metricsNamedInPagesAreOnThePageOfMetrics() {
        String all = Checkout.read(Checkout.ROOT.resolve("docs/operating/metrics.md"));
        for (Path page : Checkout.pages()) {
            Matcher metric = METRIC.matcher(Checkout.read(page));
            while (metric.find()) {
                if (!all.contains("`" + metric.group() + "`")) {
                    fault(page, metric.group() + " is not in docs/operating/metrics.md");
                }
            }
        }
        assertEquals(List.of(), faults);
    }

    @Test
    void codesOfTheHttpInterfaceAreOnItsPage() {
        String page = Checkout.read(Checkout.ROOT.resolve("docs/reference/http.md"));
        Set<String> codes = new HashSet<>();
        for (Path file : Checkout.files(".java")) {
            if (Checkout.name(file).startsWith("sync-server/src/main/java/dev/rejoin/server/transport/")) {
                Matcher problem = PROBLEM.matcher(Checkout.read(file));
                while (problem.find()) {
                    codes.add(problem.group(1));
                }
            }
        }
        assertTrue(codes.size() > 10, "found only " + codes);
        codes.removeIf(code -> page.contains("| `" + code + "` |"));
        assertEquals(Set.of(), codes);
    }

    @Test
    void jarsNamedInPagesAreBuilt() {
        String version = Checkout.read(Checkout.ROOT.resolve("pom.xml"))
                .replaceFirst("(?s).*?<artifactId>rejoin-parent</artifactId>\\s*<version>([^<]+)</version>.*", "$1");
        int named = 0;
        for (Path page : Checkout.pages()) {
            Matcher jar = JAR.matcher(Checkout.read(page));
            while (jar.find()) {
                named++;
                String pom = Checkout.read(Checkout.ROOT.resolve(jar.group(1)).resolve("pom.xml"));
                boolean isBuilt = jar.group(3) == null
                        ? pom.contains(jar.group(2) + ".jar")
                        : jar.group(2).equals(jar.group(1)) && jar.group(3).equals("-" + version);
                if (!isBuilt) {
                    fault(page, jar.group() + " is not built");
                }
            }
        }
        assertTrue(named > 5, "found only " + named);
        assertEquals(List.of(), faults);
    }

    @Test
    void theReadmeHasTheTwoCommands() {
        List<String> lines =
                Checkout.read(Checkout.ROOT.resolve("README.md")).lines().toList();
        assertTrue(lines.contains("    mvn -ntp -DskipTests package && java -jar demo-client/target/rejoin-demo.jar"));
        assertTrue(lines.contains("    java -jar sync-server/target/rejoin-server.jar --port 8080 --data DIR"));
        assertTrue(lines.contains("    mvn verify"));
    }

    @Test
    void jsonExamplesAreJson() throws Exception {
        List<Snippet> snippets = Snippet.all("json");
        assertTrue(snippets.size() > 0, "found none");
        for (Snippet snippet : snippets) {
            new ObjectMapper().readTree(snippet.text());
        }
    }

    /** So that a misspelt language does not take an example out of the tests. */
    @Test
    void everyFenceNamesALanguageThatIsKnown() {
        Set<String> known =
                Set.of("java", "ts", "tsx", "json", "", "properties", "sh", "text", "xml", "yaml", "html", "js");
        for (Path page : Checkout.pages()) {
            for (Snippet snippet : Snippet.of(page)) {
                if (!known.contains(snippet.language())) {
                    fault(page, "'" + snippet.language() + "' in line " + snippet.line());
                }
            }
        }
        assertEquals(List.of(), faults);
    }

    private void fault(Path file, String what) {
        faults.add(Checkout.name(file) + ": " + what);
    }

    /** The page without its fenced examples. */
    private static String prose(Path page) {
        return FENCED.matcher(Checkout.read(page)).replaceAll("");
    }
}
