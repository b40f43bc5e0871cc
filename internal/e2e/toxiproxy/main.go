// Command toxiproxy stands between a service and its database and delays or breaks their connections on request: toxiproxy LISTEN
// UPSTREAM. It reads commands from standard input, one a line, and prints the outcome of each on a line: "ok", with the name of a
// toxic that was added, or what went wrong. It ends with its input.
//
//	start             begins to listen
//	stop              stops, and ends all connections
//	add JSON          adds a toxic, as toxiproxy's HTTP API takes it
//	remove NAME       removes a toxic
//
// It is a module of its own, so that the program needs none of what it is made of.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: toxiproxy LISTEN UPSTREAM")
		os.Exit(2)
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, "proxy", os.Args[1], os.Args[2])
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		command, argument, _ := strings.Cut(lines.Text(), " ")
		name, err := do(proxy, command, argument)
		if err != nil {
			fmt.Println("failed:", err)
			continue
		}
		fmt.Println("ok", name)
	}
}

func do(proxy *toxiproxy.Proxy, command, argument string) (name string, err error) {
	switch command {
	case "start":
		return "", proxy.Start()
	case "stop":
		proxy.Stop()
		return "", nil
	case "add":
		toxic, err := proxy.Toxics.AddToxicJson(strings.NewReader(argument))
		if err != nil {
			return "", err
		}
		return toxic.Name, nil
	case "remove":
		return "", proxy.Toxics.RemoveToxic(context.Background(), argument)
	default:
		return "", fmt.Errorf("there is no command %q", command)
	}
}
