package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unicode/utf8"
)

const (
	cast      = ".cast"
	event     = ".event.json"
	incoming  = ".incoming" // Files whose names are not known yet.
	unknown   = "unknown"   // The folder of recordings that name no node.
	headLimit = 1 << 20     // Bytes of a header line that are looked at.
	endOfTime = 253402300800
)

var errBrokenOff = errors.New("the upload broke off")

// store keeps recordings as nodeID/time.cast below a folder, on a filesystem with hard links.
type store struct{ dir string }

// upload is one recording while it arrives.
type upload struct {
	dir      string
	file     *os.File
	came     time.Time
	head     []byte // Of the header line, until the file has its name.
	placed   bool
	received atomic.Int64 // Bytes that were received and written.
}

// begin opens a file before anything is known of what will be in it.
func (s store) begin(suffix string) (*upload, error) {
	if err := makeFolder(filepath.Join(s.dir, incoming)); err != nil {
		return nil, err
	}
	name := filepath.Join(s.dir, incoming, rand.Text()+suffix)
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &upload{dir: s.dir, file: file, came: time.Now()}, nil
}

// recover gives their names to recordings that a recorder left behind that was killed before it
// knew them. Events were not promised to anybody at that point.
func (s store) recover() error {
	left, err := os.ReadDir(filepath.Join(s.dir, incoming))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range left {
		name := filepath.Join(s.dir, incoming, entry.Name())
		if err := s.recoverOne(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (s store) recoverOne(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	u := &upload{dir: s.dir, file: file}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	status, ok := info.Sys().(*syscall.Stat_t)
	hasItsName := ok && status.Nlink > 1
	if hasItsName || !strings.HasSuffix(name, cast) {
		return u.discard()
	}
	start, err := io.ReadAll(io.LimitReader(file, headLimit))
	if err != nil {
		return err
	}
	u.came = info.ModTime()
	u.head, _, _ = bytes.Cut(start, []byte("\n"))
	u.received.Store(info.Size())
	return u.keep()
}

// receive writes what comes as it comes. An error that is no errBrokenOff is one of the storage.
// Whatever the error, what came before it is kept.
func (u *upload) receive(body io.Reader) error {
	buffer := make([]byte, 32<<10)
	for {
		n, err := body.Read(buffer)
		if n > 0 {
			if err := u.write(buffer[:n]); err != nil {
				return errors.Join(err, u.keep())
			}
		}
		switch {
		case err == io.EOF:
			return u.finish()
		case err != nil:
			return errors.Join(fmt.Errorf("%w: %w", errBrokenOff, err), u.keep())
		}
	}
}

func (u *upload) write(data []byte) error {
	n, err := u.file.Write(data)
	u.received.Add(int64(n))
	if u.placed {
		return err
	}
	// Also what is the last that could be written may hold the header line.
	line, _, whole := bytes.Cut(data[:n], []byte("\n"))
	u.head = append(u.head, line...)
	if whole || len(u.head) > headLimit {
		err = errors.Join(err, u.place(recordingName(u.head, u.came)))
	}
	return err
}

// finish makes a recording that is whole survive the machine too.
func (u *upload) finish() error {
	return errors.Join(u.file.Sync(), u.end())
}

// keep ends the file of an upload that broke off, which leaves nothing if nothing came.
func (u *upload) keep() error {
	if u.received.Load() == 0 {
		return u.discard()
	}
	return u.end()
}

func (u *upload) end() error {
	var err error
	if !u.placed {
		err = u.place(recordingName(u.head, u.came))
	}
	return errors.Join(err, u.file.Close())
}

func (u *upload) discard() error {
	return errors.Join(u.file.Close(), os.Remove(u.file.Name()))
}

// place moves the file to its name, or, if that is taken, to one of the next milliseconds.
func (u *upload) place(node string, at time.Time, suffix string) error {
	folder := filepath.Join(u.dir, node)
	if err := makeFolder(folder); err != nil {
		return err
	}
	for {
		// A link, unlike a rename, fails when the name is taken.
		err := os.Link(u.file.Name(), filepath.Join(folder, at.UTC().Format(time.RFC3339Nano)+suffix))
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		at = at.Add(1 + mathrand.N(time.Millisecond))
	}
	u.placed, u.head = true, nil
	// A second name that stays does no harm: the next start removes it.
	_ = os.Remove(u.file.Name())
	return nil
}

// keepEvent stores an event wholly or not at all.
func (s store) keepEvent(body []byte) error {
	u, err := s.begin(event)
	if err != nil {
		return err
	}
	if _, err = u.file.Write(body); err == nil {
		err = u.file.Sync()
	}
	if err == nil {
		err = u.place(eventNode(body), u.came, event)
	}
	if err != nil {
		return errors.Join(err, u.discard())
	}
	return u.file.Close()
}

// makeFolder makes a folder, but not those above it: a storage that is gone is an error.
func makeFolder(name string) error {
	if err := os.Mkdir(name, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// recordingName says whose the recording is that begins with the header line, and when it began:
// when it came, if the header does not tell.
func recordingName(line []byte, came time.Time) (node string, at time.Time, suffix string) {
	header := object(line)
	var stamp float64
	if json.Unmarshal(header["timestamp"], &stamp) == nil && stamp >= 1 && stamp < endOfTime {
		came = time.Unix(int64(stamp), 0)
	}
	return nodeFolder(header["srcNodeID"]), came.Truncate(time.Second), cast
}

func eventNode(body []byte) string {
	return nodeFolder(object(object(body)["source"])["nodeID"])
}

// object reads a JSON object; what is none, or is not UTF-8, has no members. Into a struct,
// encoding/json would also take members whose names differ in case.
func object(data []byte) (members map[string]json.RawMessage) {
	if utf8.Valid(data) {
		_ = json.Unmarshal(data, &members)
	}
	return members
}

var plain = regexp.MustCompile(`^[0-9A-Za-z_-][0-9A-Za-z_.-]{0,99}$`)

// nodeFolder makes a folder's name of a node ID, which comes off the wire. An ID that is not
// plain gives a digest, which no plain ID looks like.
func nodeFolder(raw json.RawMessage) string {
	var id *string
	if json.Unmarshal(raw, &id) != nil || id == nil {
		return unknown
	}
	if plain.MatchString(*id) && *id != unknown {
		return *id
	}
	text := []byte(*id)
	if strings.ContainsRune(*id, utf8.RuneError) {
		text = raw // Lone surrogates all decode to the same rune.
	}
	digest := sha256.Sum256(text)
	return "~" + hex.EncodeToString(digest[:])
}
