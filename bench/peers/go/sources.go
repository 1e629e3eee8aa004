// bench/peers/go: the three services behind the page, and one client for all of them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

type User struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Email     string    `json:"email"`
	CreatedAt time.Time `json:"created_at"`
}

type Profile struct {
	Bio      string `json:"bio"`
	Location string `json:"location"`
	Website  string `json:"website"`
	Language string `json:"language"`
}

type Post struct {
	ID          int64     `json:"id"`
	Title       string    `json:"title"`
	Body        string    `json:"body"`
	PublishedAt time.Time `json:"published_at"`
}

var errNotFound = errors.New("not found")

// Services are asked over HTTP; the fields are base URLs ("http://127.0.0.1:8001").
type Services struct {
	Client   *http.Client
	Users    string
	Profiles string
	Posts    string
}

// newClient keeps as many connections to each service as there can be requests at once.
func newClient(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: timeout}).DialContext,
		MaxIdleConns:        0, // no limit over all services
		MaxIdleConnsPerHost: connections,
		IdleConnTimeout:     30 * time.Second,
		DisableCompression:  true,
	}}
}

func (s *Services) User(ctx context.Context, id int64) (User, error) {
	var user User
	if err := s.get(ctx, fmt.Sprintf("%s/api/users/%d", s.Users, id), &user); err != nil {
		return User{}, err
	}
	if user.ID != id {
		return User{}, fmt.Errorf("users: asked for %d, got %d", id, user.ID)
	}
	return user, nil
}

func (s *Services) Profile(ctx context.Context, id int64) (Profile, error) {
	var profile Profile
	return profile, s.get(ctx, fmt.Sprintf("%s/api/users/%d/profile", s.Profiles, id), &profile)
}

func (s *Services) LatestPosts(ctx context.Context, id int64, limit int) ([]Post, error) {
	var posts []Post
	return posts, s.get(ctx, fmt.Sprintf("%s/api/users/%d/posts?limit=%d", s.Posts, id, limit), &posts)
}

// get asks for a JSON document. The body is read to its end, so that the connection can be used again.
func (s *Services) get(ctx context.Context, url string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := s.Client.Do(request)
	if err != nil {
		return err
	}
	defer func() {
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}()
	if response.StatusCode == http.StatusNotFound {
		return errNotFound
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(into)
}
