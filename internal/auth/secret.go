package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"math/big"
	"strings"
)

// newID makes an id that nobody can guess, of small letters and digits.
func newID() string { return strings.ToLower(rand.Text()) }

// secretBytes of randomness are in every secret that Helios makes: nobody guesses 256 bits, so a plain SHA-256 of them is safe
// to store, and quick to find by.
const secretBytes = 32

// newSecret makes a secret that fits into cookies and URLs.
func newSecret() string {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashSecret is what is stored of a secret.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

const (
	// TokenPrefix begins every API token, so that programs that look for leaked secrets know one.
	TokenPrefix = "hls_"

	tokenDigits   = 43 // of 256 bits to the base 62
	tokenChecksum = 6  // digits of a CRC-32
)

// newToken makes an API token: the prefix, 256 random bits and a CRC-32 of both, in letters and digits.
func newToken() string {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // it never fails
	token := TokenPrefix + base62(new(big.Int).SetBytes(b[:]), tokenDigits)
	return token + checksum(token)
}

// checksum ends a token: one that was mistyped or cut off is told from one that is not known.
func checksum(token string) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], crc32.ChecksumIEEE([]byte(token)))
	return base62(new(big.Int).SetBytes(b[:]), tokenChecksum)
}

// base62 writes a number in so many digits.
func base62(n *big.Int, digits int) string {
	text := n.Text(62)
	return strings.Repeat("0", digits-len(text)) + text
}

// wholeToken reports whether a text is a token as newToken makes them, every letter of it.
func wholeToken(text string) bool {
	const length = len(TokenPrefix) + tokenDigits + tokenChecksum
	if len(text) != length || !strings.HasPrefix(text, TokenPrefix) {
		return false
	}
	body := text[:length-tokenChecksum]
	return text[len(body):] == checksum(body)
}
