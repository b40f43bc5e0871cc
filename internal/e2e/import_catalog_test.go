package e2e

import (
	"fmt"
	"strings"
	"testing"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/commands"
)

// TestImportCatalog imports tables of an operator, twice: the second time changes nothing.
func TestImportCatalog(t *testing.T) {
	t.Parallel()
	server := start(t)
	files := map[string]string{
		"categories": "category_id;name\n3;Sport\n",
		"tariffs":    "\ufefftariff_id,name,price\n1,Basic,5\n2,\"Gold, all\",9\n",
		"channels":   "channel_id,name,number,categories,enabled\n10,News,1,,\n20,=Sport,2,3 4,yes\n30,Old,3,,0\nx,Bad,,,\n-1,Wrong,,,\n",
		"accounts":   "account_id,tariffs,registered_at,changed_at\n7,1;2,01.02.2026 10:00,2026-02-01 10:00\n8,,,2026-02-01T10:00:00Z\n",
		"payments":   "payment_id,account_id,amount,currency,paid_at\n1,7,12.50,,2026-03-01 08:00\n2,7,\"-6,5\",EUR,2026-03-01 09:00\n3,8,100,JPY,2026-03-01 10:00\n4,8,1.234,EUR,2026-03-01\n5,8,1,euro,2026-03-01\n",
	}
	line := "import catalog --client-id=5 --name='Acme TV' --client-time-zone=Europe/Riga --currency=EUR --time-zone=Europe/Riga"
	for flag, content := range files {
		line += fmt.Sprintf(" --%s=%s", flag, writeFile(t, content))
	}
	for range 2 {
		out, complaints, code := shell(t, server, line)
		if code != cli.ExitRejected || out != "12 entities pushed, 4 rows not imported\n" {
			t.Fatalf("exit code %d: %s%s", code, out, complaints)
		}
		for _, want := range []string{`line 5: channels: channel_id "x" is no whole number of 32 bits`, "line 6: channels: INVALID_ENTITY: channel_id is -1; it must be positive",
			`line 1: tariffs: no field has the names of these columns, which are passed over: ["price"]`,
			`line 5: payments: amount "1.234" has more than the 2 decimals of its currency`,
			`line 6: payments: currency "euro" is no code of ISO 4217, for example EUR`} {
			if !strings.Contains(complaints, want) {
				t.Errorf("lacks %q: %s", want, complaints)
			}
		}
	}
	clients, err := server.ListClients(t.Context(), &tvstatsv1.ListClientsRequest{})
	if err != nil || clients.Clients[0].Name != "Acme TV" || clients.Clients[0].TimeZone != "Europe/Riga" {
		t.Errorf("%v, %v", clients, err)
	}
	if _, complaints, _ := shell(t, server, line); strings.Count(complaints, "passed over") != 1 {
		t.Errorf("columns that were read are said to be passed over: %s", complaints)
	}
	channels, err := server.ListChannels(t.Context(), &tvstatsv1.ListChannelsRequest{ClientId: 5})
	if err != nil || len(channels.Channels) != 3 || channels.Channels[1].Name != "=Sport" || len(channels.Channels[1].Categories) != 2 ||
		!channels.Channels[0].GetEnabled() || channels.Channels[2].GetEnabled() {
		t.Errorf("%v, %v", channels, err)
	}
	account, err := server.GetAccount(t.Context(), &tvstatsv1.GetAccountRequest{ClientId: 5, AccountId: 7})
	if a := account.GetAccount(); err != nil || !a.Active || len(a.Tariffs) != 2 || a.RegisteredAt.AsTime().Hour() != 8 {
		t.Errorf("%v, %v", account, err)
	}
	days, err := server.ListDailyStats(t.Context(), &tvstatsv1.ListDailyStatsRequest{ClientId: 5, FromDay: "2026-03-01", ToDay: "2026-03-01"})
	sums := map[string]int64{}
	for _, day := range days.GetDays() {
		for _, sum := range day.PaymentSums {
			sums[sum.Currency] = sum.AmountMinor
		}
	}
	if err != nil || sums["EUR"] != 600 || sums["JPY"] != 100 || len(sums) != 2 {
		t.Errorf("payments %v, %v", sums, err)
	}
	unreadable := writeFile(t, "channel_id,name\n1,News\x1b[2J\n")
	if _, complaints, code := shell(t, server, "import catalog --client-id=6 --channels="+unreadable); code != commands.ExitDone ||
		!strings.Contains(complaints, "1 control characters in names and titles were replaced by U+FFFD") {
		t.Errorf("a control character: exit code %d: %s", code, complaints)
	}
	for flags, want := range map[string]string{
		"": "nothing to import: give --channels", "--channels=" + writeFile(t, "id,name\n1,A\n"): `the header lacks channel_id; it names ["id" "name"]; where it has them by other names, give --column channel_id=NAME`,
		"--channels=nosuchfile": "no such file", "--name=A --currency=euro": "--currency",
	} {
		if _, complaints, code := shell(t, server, "import catalog --client-id=5 "+flags); code == commands.ExitDone || !strings.Contains(complaints, want) {
			t.Errorf("%s: exit code %d: %s", flags, code, complaints)
		}
	}
}
