// Go_recorder is a small session recorder on net/http: v2 over HTTP/2 by prior knowledge, v1 over
// HTTP/1.1, and events. It keeps what it takes below one folder, which it does not share with
// another running recorder.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

const (
	ackEvery   = 5 * time.Second
	linger     = 2 * time.Second // How long a refused HTTP/1.1 client may go on sending.
	eventLimit = 16 << 20
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "`HOST:PORT` to listen on")
	storage := flag.String("storage", "", "`folder` to keep recordings in; it is not made")
	flag.Parse()
	if *storage == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "go_recorder: -storage DIR is needed, and nothing beside the options")
		os.Exit(2)
	}
	if err := run(*listen, store{*storage}); err != nil {
		fmt.Fprintln(os.Stderr, "go_recorder:", err)
		os.Exit(1)
	}
}

func run(address string, kept store) error {
	// Left alone, Go's runtime ends the program when a file meets its size limit, and when nobody
	// reads stderr any more. Ignored, both are errors of the write.
	signal.Ignore(syscall.SIGXFSZ, syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	if err := kept.recover(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := newServer(kept)
	fmt.Fprintln(os.Stderr, "listening on", listener.Addr())

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	// Sessions last for hours: those that are at their end may end, the others are cut off here.
	// What they sent is in its files already.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		return server.Close()
	}
	return nil
}

func newServer(kept store) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("HEAD /v2/record", only(2, func(http.ResponseWriter, *http.Request) {}))
	mux.HandleFunc("POST /v2/record", only(2, kept.recordV2))
	mux.HandleFunc("POST /record", only(1, kept.recordV1))
	mux.HandleFunc("HEAD /v2/event", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /v2/event", kept.event)

	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:   onceAConnection(mux),
		Protocols: protocols,
		// No ReadTimeout and no WriteTimeout: they would end a session that lasts longer.
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    64 << 10,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 250,
			// By default one stream may hold the window of its whole connection, so that an
			// upload that waits for the disk stops its siblings.
			MaxReceiveBufferPerConnection: 4<<20 - 1,
			MaxReceiveBufferPerStream:     256 << 10,
		},
	}
}

// onceAConnection closes HTTP/1.1 connections after one request. Net/http reads a request with
// both Content-Length and Transfer-Encoding as chunked and goes on with the connection, which
// RFC 9112, 6.1 forbids; handlers cannot tell, since Content-Length is gone by then.
//
// SetKeepAlivesEnabled(false) is no way out: over HTTP/2 it sends GOAWAY after the probe.
func onceAConnection(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// only refuses requests of another major version of HTTP than the endpoint is for.
func only(major int, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != major {
			refuse(w, r, http.StatusHTTPVersionNotSupported, fmt.Sprintf("this is for HTTP/%d", major))
			return
		}
		next(w, r)
	}
}

// frame is one object of a v2 answer.
type frame struct {
	Ack   *int64 `json:"ack,omitempty"`
	Error string `json:"error,omitempty"`
}

func (s store) recordV2(w http.ResponseWriter, r *http.Request) {
	u, err := s.begin(cast)
	if err != nil {
		unavailable(w, r, err)
		return
	}
	answer := http.NewResponseController(w)
	// An answer that cannot be written has no handling of its own: the client is gone then, and
	// reading the body tells so too.
	say := func(f frame) {
		_ = json.NewEncoder(w).Encode(f)
		_ = answer.Flush()
	}
	ack := func() {
		received := u.received.Load()
		say(frame{Ack: &received})
	}

	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	_ = answer.Flush()
	// The body is read beside the acks: a client that does not read those must still be recorded.
	ended := make(chan error, 1)
	go func() { ended <- u.receive(r.Body) }()
	tick := time.NewTicker(ackEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			ack()
		case err := <-ended:
			switch {
			case errors.Is(err, errBrokenOff):
				panic(http.ErrAbortHandler) // Resets the stream: its answer must not end well.
			case err != nil:
				log.Print("storing failed: ", err)
				say(frame{Error: "the recording could not be stored"})
			default:
				ack()
			}
			return
		}
	}
}

func (s store) recordV1(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 && r.Header.Get("Content-Length") == "" {
		refuse(w, r, http.StatusLengthRequired, "a recording has a body")
		return
	}
	u, err := s.begin(cast)
	if err != nil {
		unavailable(w, r, err)
		return
	}
	// Net/http sends the interim 100 when the body is read for the first time, which is now.
	switch err := u.receive(r.Body); {
	case errors.Is(err, errBrokenOff):
		refuse(w, r, http.StatusBadRequest, "the recording broke off")
	case err != nil:
		log.Print("storing failed: ", err)
		refuse(w, r, http.StatusInternalServerError, "the recording could not be stored")
	}
}

func (s store) event(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, eventLimit+1))
	switch {
	case err != nil:
		refuse(w, r, http.StatusBadRequest, "the event broke off")
	case len(body) > eventLimit:
		refuse(w, r, http.StatusRequestEntityTooLarge, "the event is too large")
	case !json.Valid(body) || !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")):
		refuse(w, r, http.StatusBadRequest, "an event is a JSON object")
	default:
		if err := s.keepEvent(body); err != nil {
			unavailable(w, r, err)
		}
	}
}

func unavailable(w http.ResponseWriter, r *http.Request, err error) {
	log.Print("storage is not there: ", err)
	refuse(w, r, http.StatusServiceUnavailable, "nothing can be stored")
}

// refuse answers and, over HTTP/1.1, lets the client read the answer before the connection goes.
// Net/http would close at once after a body that is malformed, or of a request with Expect:
// 100-continue; what the client still sends then resets the connection, answer and all.
func refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	why += "\n"
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(why)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, why)
	if r.ProtoMajor != 1 || r.Method == http.MethodHead {
		return
	}
	answer := http.NewResponseController(w)
	if answer.Flush() != nil {
		return
	}
	connection, _, err := answer.Hijack()
	if err != nil {
		return
	}
	defer connection.Close()
	if half, ok := connection.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
	_ = connection.SetReadDeadline(time.Now().Add(linger))
	_, _ = io.Copy(io.Discard, connection)
}
