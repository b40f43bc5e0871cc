// Package web is the console and what guards it: pages and their assets, embedded, and the headers and bounds that every
// response over HTTP has.
package web

import (
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// method is the path of a method of the API, "/package.Service/Method".
var method = regexp.MustCompile(`^/\w+(\.\w+)+/\w+$`)

// Split sends what is posted to the API, and whoever reads to the console. A GET at a method is refused, and says how to call it.
func Split(api, console http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPost:
			api.ServeHTTP(w, r)
		case http.MethodGet, http.MethodHead:
			if method.MatchString(r.URL.Path) {
				w.Header().Set("Allow", http.MethodPost)
				http.Error(w, "a method is called with POST and its request as JSON: curl --json '{}' and this address", http.StatusMethodNotAllowed)
				return
			}
			console.ServeHTTP(w, r)
		default:
			w.Header().Set("Allow", "GET, HEAD, POST")
			http.Error(w, "pages are read with GET, methods are called with POST", http.StatusMethodNotAllowed)
		}
	})
}

// Protection is what Protect needs to know.
type Protection struct {
	// Receive is how long the body of a request may take, Send how long a caller may take no part of the response.
	Receive, Send time.Duration
	// LocalNames refuses requests to any name but localhost and addresses: where everybody may call everything, a page of
	// another site must not reach the service through a name of its own that leads here (DNS rebinding).
	LocalNames bool
}

// headers hold for every response: pages load nothing from elsewhere, are in nobody's frame and send no referrer.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
	"Referrer-Policy":              "no-referrer",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
}

// Protect guards a handler against other sites in the caller's browser, and against callers that neither send nor read.
func Protect(inner http.Handler, p Protection) http.Handler {
	origin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		limited := bound(w, r, p.Receive, p.Send)
		switch err := origin.Check(r); {
		case p.LocalNames && !local(r.Host):
			http.Error(limited, "without --auth-file the service is called by an address or as localhost", http.StatusMisdirectedRequest)
		case err != nil:
			http.Error(limited, "a page of another site cannot call the service", http.StatusForbidden)
		default:
			inner.ServeHTTP(limited, r)
		}
	})
}

// local reports whether the host, with or without a port, is an address or localhost.
func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")) != nil
}
