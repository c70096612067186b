package dev.rejoin.benchmarks.yjs;

import java.util.List;

/** Words for made-up texts: pronounceable nonsense, Chinese and Japanese characters, emoji of one and of several code points. */
final class Vocabulary {
    private static final List<String> ONSETS = List.of(
            "b", "br", "d", "f", "g", "gl", "h", "k", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "tr", "v", "w");
    private static final List<String> VOWELS = List.of("a", "e", "i", "o", "u", "ai", "ea", "ou");
    private static final List<String> CODAS = List.of("", "", "", "n", "r", "s", "t", "l", "nd", "m");
    private static final String IDEOGRAPHS =
            "\u7684\u4e00\u662f\u5728\u4e0d\u4e86\u6709\u548c\u4eba\u8fd9\u4e2d\u5927\u4e3a\u4e0a\u4e2a\u56fd\u6211\u4ee5\u8981\u4ed6\u65f6\u6765\u7528\u4eec\u751f\u5230\u4f5c\u5730\u4e8e\u51fa";
    private static final String KANA =
            "\u3042\u3044\u3046\u3048\u304a\u304b\u304d\u304f\u3051\u3053\u3055\u3057\u3059\u305b\u305d\u305f\u3061\u3064\u3066\u3068\u306a\u306b\u306e\u306f\u307e";
    private static final List<String> EMOJI = List.of(
            "\uD83D\uDE00",
            "\uD83D\uDE02",
            "\uD83C\uDF89",
            "\uD83D\uDE80",
            "\u2764\uFE0F",
            "\uD83D\uDC4D\uD83C\uDFFD",
            "\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67",
            "\uD83C\uDDEB\uD83C\uDDF7",
            "\uD83E\uDDD1\u200D\uD83D\uDCBB");

    private final Chance chance;

    Vocabulary(Chance chance) {
        this.chance = chance;
    }

    String word() {
        StringBuilder word = new StringBuilder();
        for (int syllables = chance.between(1, 3); syllables > 0; syllables--) {
            word.append(chance.of(ONSETS)).append(chance.of(VOWELS)).append(chance.of(CODAS));
        }
        return word.toString();
    }

    /** Words with blanks between them, at least so many characters. */
    String sentence(int least) {
        StringBuilder sentence = new StringBuilder();
        while (sentence.length() < least) {
            sentence.append(sentence.length() == 0 ? "" : " ").append(word());
        }
        return sentence.append('.').toString();
    }

    /** What an input method commits at once. */
    String composed() {
        String source = chance.percent(70) ? IDEOGRAPHS : KANA;
        StringBuilder word = new StringBuilder();
        for (int length = chance.between(1, 4); length > 0; length--) {
            word.append(source.charAt(chance.below(source.length())));
        }
        return word.toString();
    }

    String emoji() {
        return chance.of(EMOJI);
    }
}
