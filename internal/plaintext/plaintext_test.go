package plaintext

import "testing"

func TestWithoutControls(t *testing.T) {
	for text, want := range map[string]struct {
		clean    string
		replaced int
	}{
		"":                          {"", 0},
		"Café Noir":                 {"Café Noir", 0},
		"A\x1aZ":                    {"A�Z", 1},
		"a\tb\nc\x7fd\u0085e":       {"a�b�c�d�e", 4},
		"Caf\xe9":                   {"Caf�", 1},
		"\xff\xfe\x1b[2J":           {"���[2J", 3},
		"already � there":           {"already � there", 0},
		"already � and \xff":        {"already � and �", 1},
		"right \u200f to left אב":   {"right \u200f to left אב", 0},
		"abc\u202edef\u2066g\u2069": {"abc�def�g�", 3},
	} {
		if clean, replaced := WithoutControls(text); clean != want.clean || replaced != want.replaced {
			t.Errorf("%q: got %q, %d, want %q, %d", text, clean, replaced, want.clean, want.replaced)
		}
	}
}

func TestForTerminal(t *testing.T) {
	for text, want := range map[string]string{
		"Sport":                        "Sport",
		"\x1b]0;title\x07\x1b[31mred":  "�]0;title��[31mred",
		"abc\u202edef\u2066g\u200f":    "abc�def�g�",
		"two\nlines\u2028three":        "two�lines�three",
		"\x9b31m":                      "�31m",
		"\u009b31m":                    "�31m",
		"می\u200cخواهم 👩\u200d👩":       "می\u200cخواهم 👩\u200d👩",
		"\ufeffmark, soft\u00adhyphen": "�mark, soft�hyphen",
	} {
		if got := ForTerminal(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
