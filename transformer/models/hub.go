package models

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"

	"tandem/internal/fetch"
)

// The environment variables of the hub, as huggingface_hub reads them.
const (
	endpointVariable = "HF_ENDPOINT" // a mirror in place of the hub
	tokenVariable    = "HF_TOKEN"    // for private and gated repositories
)

const defaultEndpoint = "https://huggingface.co"

// A hub is the Hugging Face hub, or a mirror.
type hub struct {
	endpoint *url.URL
	token    bool // there is one
	client   fetch.Client
}

// newHub reads the environment. The token is sent to the endpoint alone: a hub redirects large files to other hosts.
func newHub(client fetch.Client) (*hub, error) {
	address := strings.TrimRight(os.Getenv(endpointVariable), "/")
	if address == "" {
		address = defaultEndpoint
	}
	endpoint, err := url.Parse(address)
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "https" && endpoint.Scheme != "http" {
		return nil, fmt.Errorf("%s is no address such as %s", endpointVariable, defaultEndpoint) // it may hold a password
	}
	token := strings.TrimSpace(os.Getenv(tokenVariable))
	client.HTTP = &http.Client{Transport: bearer{endpoint, token, fetch.Transport}}
	return &hub{endpoint: endpoint, token: token != "", client: client}, nil
}

// A bearer adds the token to the requests to one host, and to no other one.
type bearer struct {
	endpoint *url.URL
	token    string
	next     http.RoundTripper
}

// RoundTrip is called for each request, those that follow a redirect included.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.token != "" && r.URL.Scheme == b.endpoint.Scheme && r.URL.Host == b.endpoint.Host {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(r)
}

// maxListing bounds an answer of the hub's API, in bytes.
const maxListing = 16 << 20

// plan is the lock of a model that is to be fetched: the commit and the files that Tandem reads, with what the hub knows of them.
func (h *hub) plan(ctx context.Context, e Entry) (Lock, error) {
	var about struct {
		SHA  string `json:"sha"`
		Card struct {
			Licence any `json:"license"`
		} `json:"cardData"`
	}
	revision := e.Revision
	if revision == "" {
		revision = "main"
	}
	if _, err := h.ask(ctx, h.url("api/models", e.Repository, "revision", url.PathEscape(revision)), &about); err != nil {
		return Lock{}, h.explain(err, e)
	}
	if !commit.MatchString(about.SHA) {
		return Lock{}, fmt.Errorf("the hub names no commit of %s", h.page(e.Repository))
	}
	all, err := h.files(ctx, e, about.SHA)
	if err != nil {
		return Lock{}, h.explain(err, e)
	}
	l := Lock{Name: e.Name, Repository: e.Repository, Revision: about.SHA, Licence: e.Licence}
	if text, ok := about.Card.Licence.(string); ok {
		l.Licence = text
	}
	if l.Files, err = wanted(all, e); err != nil {
		return l, err
	}
	return l, safe(l.Files)
}

// commit is the form of a revision that no one can move.
var commit = regexp.MustCompile(`^[0-9a-f]{40}$`)

// mostPages bounds a listing, of which a page has a thousand files.
const mostPages = 100

// files lists a repository at a commit, page by page.
func (h *hub) files(ctx context.Context, e Entry, commit string) (files []File, err error) {
	tree := h.url("api/models", e.Repository, "tree", commit)
	query := "recursive=true"
	for range mostPages {
		var page []struct {
			Type string `json:"type"`
			Path string `json:"path"`
			Size int64  `json:"size"`
			OID  string `json:"oid"`
			LFS  *struct {
				OID  string `json:"oid"`
				Size int64  `json:"size"`
			} `json:"lfs"`
		}
		header, err := h.ask(ctx, tree+"?"+query, &page)
		if err != nil {
			return nil, err
		}
		for _, f := range page {
			switch {
			case f.Type != "file":
			case f.LFS != nil:
				files = append(files, File{Path: f.Path, SHA256: f.LFS.OID, Bytes: f.LFS.Size})
			default:
				files = append(files, File{Path: f.Path, Git: f.OID, Bytes: f.Size})
			}
		}
		if query = nextPage(header); query == "" {
			return files, nil
		}
	}
	return nil, fmt.Errorf("%s has more than %d pages of files", e.Repository, mostPages)
}

// link is the header Link of a page that is not the last.
var link = regexp.MustCompile(`<([^>]+)>;\s*rel="next"`)

// nextPage is the query of the page after one with this header, "" for the last one. A mirror may write the address of the hub itself.
func nextPage(header http.Header) string {
	m := link.FindStringSubmatch(header.Get("Link"))
	if m == nil {
		return ""
	}
	next, err := url.Parse(m[1])
	if err != nil {
		return ""
	}
	return next.RawQuery
}

// ask reads a JSON answer of the hub's API.
func (h *hub) ask(ctx context.Context, address string, answer any) (http.Header, error) {
	body, header, err := h.client.Read(ctx, address, maxListing)
	if err == nil {
		if err = json.Unmarshal(body, answer); err != nil {
			err = fmt.Errorf("%s does not answer as the Hugging Face hub does: %w", h.endpoint.Redacted(), err)
		}
	}
	return header, err
}

// url is an address below the endpoint.
func (h *hub) url(parts ...string) string {
	return strings.TrimRight(h.endpoint.String(), "/") + path.Join(append([]string{"/"}, parts...)...)
}

// page is an address for people.
func (h *hub) page(repository string) string { return h.endpoint.Redacted() + "/" + repository }

// resolve is where a file of a commit can be had.
func (h *hub) resolve(l Lock, f File) string {
	return h.url(l.Repository, "resolve", l.Revision, (&url.URL{Path: f.Path}).EscapedPath())
}

// explain says what to do about an answer of the hub.
func (h *hub) explain(err error, e Entry) error {
	var status *fetch.StatusError
	if !errors.As(err, &status) {
		return err
	}
	page := h.page(e.Repository)
	switch code := status.Code; {
	case status.Reason == "RevisionNotFound", code == http.StatusNotFound && e.Revision != "" && status.Reason != "RepoNotFound":
		return fmt.Errorf("%w: there is no revision %s of %s", err, e.Revision, page)
	case code == http.StatusNotFound, status.Reason == "RepoNotFound" && h.token:
		return fmt.Errorf("%w: there is no repository %s", err, page)
	case code != http.StatusUnauthorized && code != http.StatusForbidden:
		return err
	case h.token:
		return fmt.Errorf("%w: the token in %s has no access; accept the licence on %s first", err, tokenVariable, page)
	}
	return fmt.Errorf("%w: there is no such repository, or its licence must be accepted on %s first, and then %s be set", err, page, tokenVariable)
}
