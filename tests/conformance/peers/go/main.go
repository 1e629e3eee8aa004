// tests/conformance/peers: Go's net/http as anybody would start it: a ServeMux, and timeouts, which every server on the
// open network has. `peer ADDRESS READ_TIMEOUT`.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	limit, err := time.ParseDuration(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "ok\n")
	})
	server := http.Server{
		Addr:              os.Args[1],
		Handler:           mux,
		ReadHeaderTimeout: limit,
		ReadTimeout:       limit,
		IdleTimeout:       limit,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	log.Fatal(server.ListenAndServe())
}
