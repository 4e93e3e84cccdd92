package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/helios-sql/helios/internal/fault"
)

// Bounds of passwords. There is no rule beyond them: length is what makes a password hard to guess.
const (
	MinPassword = 12   // characters
	MaxPassword = 1024 // bytes
)

// CheckPassword refuses a password that nobody should have.
func CheckPassword(password string) error {
	switch {
	case !utf8.ValidString(password):
		return fault.New(fault.Invalid, "the password is not UTF-8")
	case len(password) > MaxPassword:
		return fault.New(fault.Invalid, "the password has more than %d bytes", MaxPassword)
	case utf8.RuneCountInString(password) < MinPassword:
		return fault.New(fault.Invalid, "the password has fewer than %d characters", MinPassword).WithHint("a few words are easier to remember than many signs")
	}
	return nil
}

// Cost is what one try of a password costs who guesses: the parameters of Argon2id (RFC 9106).
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// DefaultCost is OWASP's first choice for servers: 19 MiB, so that two at once are fine on a small machine.
var DefaultCost = Cost{MemoryKiB: 19 << 10, Passes: 2, Lanes: 1}

const (
	saltBytes = 16
	keyBytes  = 32

	// hashingAtOnce is how many passwords are hashed at the same time: each takes a core and Cost's memory. Others wait.
	hashingAtOnce = 2
)

// hasher hashes passwords, a few at once.
type hasher struct {
	cost  Cost
	slots chan struct{}
	dummy string // the hash of no password, for accounts that have none or are not there
}

func newHasher(cost Cost) *hasher {
	h := &hasher{cost: cost, slots: make(chan struct{}, hashingAtOnce)}
	h.dummy = h.text(make([]byte, saltBytes), make([]byte, keyBytes))
	return h
}

// text is a hash with what it takes to check it, in the PHC string format.
func (h *hasher) text(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.MemoryKiB, h.cost.Passes, h.cost.Lanes,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// take waits for a slot; give gives it back.
func (h *hasher) take(ctx context.Context) (give func(), err error) {
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, fault.New(fault.Cancelled, "stopped while waiting to check a password: %w", ctx.Err())
	}
}

// hash makes the hash of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	give, err := h.take(ctx)
	if err != nil {
		return "", err
	}
	defer give()
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // it never fails
	return h.text(salt, argon2.IDKey([]byte(password), salt, h.cost.Passes, h.cost.MemoryKiB, h.cost.Lanes, keyBytes)), nil
}

// check reports whether a password has a hash, and whether that hash was made at another cost than today's. A hash of "" fits
// no password, and takes as long to find out.
func (h *hasher) check(ctx context.Context, hash, password string) (ok, stale bool, err error) {
	none := hash == ""
	if none {
		hash = h.dummy
	}
	cost, salt, key, err := parseHash(hash)
	if err != nil {
		return false, false, err
	}
	give, err := h.take(ctx)
	if err != nil {
		return false, false, err
	}
	defer give()
	found := argon2.IDKey([]byte(password), salt, cost.Passes, cost.MemoryKiB, cost.Lanes, uint32(len(key)))
	return subtle.ConstantTimeCompare(found, key) == 1 && !none, cost != h.cost, nil
}

// parseHash reads what text wrote.
func parseHash(hash string) (cost Cost, salt, key []byte, err error) {
	broken := fault.New(fault.Internal, "the stored hash of a password is damaged")
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return cost, nil, nil, broken
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return cost, nil, nil, broken
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.MemoryKiB, &cost.Passes, &cost.Lanes); err != nil || cost.Passes == 0 || cost.Lanes == 0 {
		return cost, nil, nil, broken
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(key) < keyBytes {
		return cost, nil, nil, broken
	}
	return cost, salt, key, nil
}
