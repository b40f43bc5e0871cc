package e2e

import "testing"

// openAddresses opens what no link of the console leads to: names that every object inherits are none of pages or of choices.
func (b *browser) openAddresses(t *testing.T) {
	for address, title := range map[string]string{
		"constructor?lang=en": "Now", "__proto__?lang=en": "Now", "subscribers?lang=en&by=toString": "Subscribers",
		"audience?lang=en&measure=valueOf": "Audience", "programmes?lang=en&sort=constructor": "Programmes",
		"now?lang=constructor": "Now",
	} {
		b.open(t, address, 1280)
		if shown := ask[string](b, t, `document.querySelector("h1").textContent`); shown != title {
			t.Errorf("%s shows %q, want %q", address, shown, title)
		}
		for _, complaint := range b.complained() {
			t.Errorf("%s: %s", address, complaint)
		}
	}
}
