package dev.rejoin.conformance.docs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A fenced example of a page. A comment in the line before the fence may say two things about it:
 *
 * <ul>
 *   <li>{@code <!-- snippet: continues -->}: it goes on where the example before it in the same language ended, and the two are
 *       one;
 *   <li>{@code <!-- snippet: server -->}: it needs a server at 127.0.0.1:8080, or opens sockets of its own.
 * </ul>
 *
 * <p>What an example prints stands in a comment behind the statement that prints it.
 *
 * @param page path from the root of the checkout
 * @param line where its (last) fence opens, counted from 1
 * @param language the word behind the fence
 * @param server whether it needs a server
 * @param text what stands between the fences
 */
record Snippet(String page, int line, String language, boolean server, String text) {
    private static final Pattern OPEN = Pattern.compile("^( *)(```+)([a-z]*) *$");
    private static final Pattern MARK = Pattern.compile("^ *<!-- snippet: ([a-z, ]+) -->$");
    private static final Pattern PRINTS =
            Pattern.compile("^ *(?:System\\.out\\.println|console\\.log)\\(.*\\);(?: // (.*))?$");

    static List<Snippet> all(String... languages) {
        List<Snippet> found = new ArrayList<>();
        Checkout.pages().forEach(page -> found.addAll(of(page)));
        found.removeIf(snippet -> !List.of(languages).contains(snippet.language));
        return found;
    }

    static List<Snippet> of(Path page) {
        return parse(Checkout.name(page), Checkout.read(page));
    }

    static List<Snippet> parse(String page, String text) {
        List<Snippet> found = new ArrayList<>();
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            Matcher open = OPEN.matcher(lines.get(i));
            if (!open.matches()) {
                continue;
            }
            int start = i + 1;
            StringBuilder body = new StringBuilder();
            for (i++; !lines.get(i).strip().equals(open.group(2)); i++) {
                body.append(lines.get(i)).append('\n');
            }
            List<String> marks = start == 1 ? List.of() : marks(lines.get(start - 2));
            boolean server = marks.contains("server");
            String language = open.group(3);
            String whole = body.toString();
            if (marks.contains("continues")) {
                Snippet before = found.stream()
                        .filter(earlier -> earlier.language.equals(language))
                        .reduce((first, second) -> second)
                        .orElseThrow(() -> new IllegalStateException(page + ":" + start + " continues nothing"));
                whole = before.text + whole;
                server |= before.server;
                found.remove(before);
            }
            found.add(new Snippet(page, start, language, server, whole));
        }
        return found;
    }

    private static List<String> marks(String line) {
        Matcher mark = MARK.matcher(line);
        if (!mark.matches()) {
            return List.of();
        }
        List<String> marks = List.of(mark.group(1).split(", *"));
        if (!List.of("continues", "server").containsAll(marks)) {
            throw new IllegalStateException("no such mark: " + line);
        }
        return marks;
    }

    /** The lines that it says it prints. */
    List<String> printed() {
        List<String> printed = new ArrayList<>();
        text.lines().forEach(line -> {
            Matcher prints = PRINTS.matcher(line);
            if (prints.matches()) {
                printed.add(Optional.ofNullable(prints.group(1)).orElse("(not said in " + this + ")"));
            }
        });
        return printed;
    }

    @Override
    public String toString() {
        return page + ":" + line;
    }
}
