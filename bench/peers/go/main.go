// bench/peers/go: the fan-out as a Go team writes it: net/http, gorilla/mux, errgroup, encoding/json, a context of 5 s.
// `peer -users URL -profiles URL -posts URL -connections N` serves on a free port of loopback and prints which.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"
	"golang.org/x/sync/errgroup"
)

const (
	timeout        = 5 * time.Second
	postsOnThePage = 20
)

type userAndProfile struct {
	User    User    `json:"user"`
	Profile Profile `json:"profile"`
}

type userPage struct {
	User    User    `json:"user"`
	Profile Profile `json:"profile"`
	Posts   []Post  `json:"posts"`
}

// pair fetches two documents at once: the route that is compared.
func (s *Services) pair(ctx context.Context, id int64) (any, error) {
	var page userAndProfile
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { page.User, err = s.User(ctx, id); return })
	group.Go(func() (err error) { page.Profile, err = s.Profile(ctx, id); return })
	return &page, group.Wait()
}

// page fetches three.
func (s *Services) page(ctx context.Context, id int64) (any, error) {
	var page userPage
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { page.User, err = s.User(ctx, id); return })
	group.Go(func() (err error) { page.Profile, err = s.Profile(ctx, id); return })
	group.Go(func() (err error) { page.Posts, err = s.LatestPosts(ctx, id, postsOnThePage); return })
	return &page, group.Wait()
}

// handle checks the id, sets the deadline and says errors as statuses.
func handle(fetch func(context.Context, int64) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseInt(mux.Vars(r)["id"], 10, 64)
		if err != nil || id < 1 {
			http.Error(w, "id must be a positive integer", http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		document, err := fetch(ctx, id)
		switch {
		case err == nil:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "private")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			json.NewEncoder(w).Encode(document)
		case errors.Is(err, errNotFound):
			http.Error(w, "no such user", http.StatusNotFound)
		case errors.Is(err, context.DeadlineExceeded):
			http.Error(w, "timeout", http.StatusGatewayTimeout)
		default:
			http.Error(w, "a service failed", http.StatusBadGateway)
		}
	}
}

func main() {
	var services Services
	connections := flag.Int("connections", 256, "requests at once")
	flag.StringVar(&services.Users, "users", "", "base URL")
	flag.StringVar(&services.Profiles, "profiles", "", "base URL")
	flag.StringVar(&services.Posts, "posts", "", "base URL")
	flag.Parse()
	services.Client = newClient(*connections)

	router := mux.NewRouter()
	router.HandleFunc("/bench/user/{id:[0-9]+}", handle(services.pair)).Methods(http.MethodGet)
	router.HandleFunc("/user/{id:[0-9]+}", handle(services.page)).Methods(http.MethodGet)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("serves http://%s\n", listener.Addr())
	server := http.Server{
		Handler:           router,
		ReadHeaderTimeout: 15 * time.Second,
		IdleTimeout:       60 * time.Second,
	}
	log.Fatal(server.Serve(listener))
}
