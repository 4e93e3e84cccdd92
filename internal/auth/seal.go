package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// What a key that seals is for: keys for different uses of one secret have nothing to do with each other.
const (
	sealsGrants  = "helios grant of a session"
	sealsSignIns = "helios sign-in under way"
	sealsNext    = "helios next secret of a session"
)

var errSeal = errors.New("it was not sealed with this secret, or has been changed")

// sealer makes the cipher of a secret: AES-256-GCM with a key derived by HKDF (RFC 5869).
func sealer(secret, use string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, use, 32)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal encrypts a value so that only who has the secret reads or changes it, and only as what it was made for.
func seal(secret, use, about string, v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	c, err := sealer(secret, use)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(c.Seal(nil, nil, plain, []byte(about))), nil
}

// unseal reads what seal made; errSeal if it is anything else.
func unseal(secret, use, about, sealed string, v any) error {
	c, err := sealer(secret, use)
	if err != nil {
		return err
	}
	text, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return errSeal
	}
	plain, err := c.Open(nil, nil, text, []byte(about))
	if err != nil || json.Unmarshal(plain, v) != nil {
		return errSeal
	}
	return nil
}

// grant is what a provider has given for a session. It is kept sealed with the session's own secret, which is nowhere but in the
// cookie: who has the catalog alone learns nothing from it.
type grant struct {
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
}

// maxGrant is how much of a grant is kept, in bytes.
const maxGrant = 32 << 10

// grantOf is as much of what a provider has given as is kept: an ID token is for leaving only.
func grantOf(id *Identity) grant {
	g := grant{RefreshToken: id.RefreshToken, IDToken: id.IDToken}
	if len(g.RefreshToken)+len(g.IDToken) > maxGrant {
		g.IDToken = ""
	}
	if len(g.RefreshToken) > maxGrant {
		g.RefreshToken = ""
	}
	return g
}

func (g grant) seal(secret, session string) (string, error) {
	if g == (grant{}) {
		return "", nil
	}
	return seal(secret, sealsGrants, session, g)
}

// grantFrom is the grant of a session; empty if the secret is not its present one.
func grantFrom(secret string, v *Session) (g grant) {
	if v.Sealed == "" || unseal(secret, sealsGrants, v.ID, v.Sealed, &g) != nil {
		return grant{}
	}
	return g
}
