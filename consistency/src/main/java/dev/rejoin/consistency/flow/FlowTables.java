package dev.rejoin.consistency.flow;

import dev.rejoin.consistency.session.ReadLevel;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The page that is generated from policies. */
final class FlowTables {
    private FlowTables() {}

    static String markdown(FlowPolicies policies) {
        StringBuilder page = new StringBuilder(
                        "| Flow | Pattern | Reads | Saved when | Under way | When slow | Failures of its own |\n")
                .append("|---|---|---|---|---|---|---|\n");
        for (FlowPolicy flow : policies.flows()) {
            page.append("| ").append(cell(flow.name()));
            if (!flow.mutators().isEmpty()) {
                page.append(flow.mutators().stream()
                        .map(name -> "`" + name + "`")
                        .collect(Collectors.joining(", ", " (", ")")));
            }
            page.append(" | ")
                    .append(words(flow.pattern()))
                    .append(" | ")
                    .append(level(flow.reads()))
                    .append(" | ")
                    .append(flow.acknowledgement() == Acknowledgement.NONE ? "" : words(flow.acknowledgement()))
                    .append(" | ")
                    .append(cell(flow.pending()))
                    .append(" | ")
                    .append(flow.slow().isEmpty() ? "" : "after " + duration(flow.timeout()) + ": " + cell(flow.slow()))
                    .append(" | ")
                    .append(flow.failures().entrySet().stream()
                            .map(FlowTables::failure)
                            .collect(Collectors.joining("<br>")))
                    .append(" |\n");
        }
        page.append("\n| Code | What the user is told |\n|---|---|\n");
        policies.messages()
                .forEach((code, message) -> page.append("| `")
                        .append(code)
                        .append("` | ")
                        .append(said(message))
                        .append(" |\n"));
        page.append("\n| Pattern | Meaning |\n|---|---|\n");
        policies.flows().stream()
                .map(FlowPolicy::pattern)
                .distinct()
                .sorted()
                .forEach(pattern -> page.append("| ")
                        .append(words(pattern))
                        .append(" | ")
                        .append(pattern.meaning())
                        .append(" |\n"));
        return page.toString();
    }

    private static String failure(Map.Entry<String, FlowMessage> failure) {
        return "`" + failure.getKey() + "`: " + said(failure.getValue());
    }

    private static String said(FlowMessage message) {
        String actions = message.actions().stream().map(FlowTables::words).collect(Collectors.joining(" · "));
        return cell(message.text()) + (actions.isEmpty() ? "" : " *" + actions + "*");
    }

    private static String level(ReadLevel level) {
        return level instanceof ReadLevel.BoundedStaleness bounded
                ? "at most " + duration(bounded.bound()) + " old"
                : level.toString();
    }

    private static String duration(Duration duration) {
        return duration.toMillis() % 1_000 == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
    }

    private static String words(Enum<?> name) {
        return name.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("\n", " ");
    }
}
