//go:build e2e && !keycloak

package oidc_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const answerTime = 30 * time.Second

type person struct {
	Name          string   `json:"name"`
	Email         string   `json:"email"`
	EmailVerified bool     `json:"email_verified"`
	Groups        []string `json:"groups"`
}

// startIDP runs oidc-provider.
func startIDP(helios string) (*idp, error) {
	if out, err := exec.Command("sh", "install.sh").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("oidc-provider cannot be installed (%w): %s", err, out)
	}
	g, err := newGate()
	if err != nil {
		return nil, err
	}
	people := map[string]*person{
		"ada": {"Ada", "ada@example.com", true, []string{"editors"}},
		"bob": {"Bob", "bob@example.com", true, []string{"strangers"}},
		"eve": {"Eve", "eve@example.com", false, []string{"editors"}},
	}
	p := &idp{issuer: "http://" + g.address, gate: g}
	options, err := json.Marshal(map[string]any{"issuer": p.issuer, "client": clientID, "secret": secret, "helios": helios, "people": people})
	if err != nil {
		return nil, err
	}
	script, err := filepath.Abs("npm/provider.mjs")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("node", script, string(options))
	cmd.Dir = filepath.Join("..", "..", ".tools", "oidc")
	var complaints lockedBuffer // it has some about every machine and every test
	cmd.Stderr = &complaints
	stdin, err := cmd.StdinPipe() // closed by our end, however that comes
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("oidc-provider cannot be started: %w; install Node.js 20 or newer", err)
	}
	lines := make(chan string, 10)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			lines <- s.Text()
		}
	}()
	p.stop = sync.OnceFunc(func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
		for range lines { // until it has ended
		}
		_ = cmd.Wait()
	})
	said := func(want string) (string, error) {
		for patience := time.After(answerTime); ; {
			select {
			case line, ok := <-lines:
				if !ok {
					return "", fmt.Errorf("oidc-provider has ended: %s", &complaints)
				}
				if rest, found := strings.CutPrefix(line, want); found {
					return rest, nil
				}
			case <-patience:
				return "", fmt.Errorf("oidc-provider does not answer: %s", &complaints)
			}
		}
	}
	at, err := said("listening ")
	if err != nil {
		p.stop()
		return nil, err
	}
	g.lead(at)
	gone := map[string]bool{}
	tell := func(t *testing.T, name string) {
		t.Helper()
		who := people[name]
		if gone[name] {
			who = nil
		}
		line, err := json.Marshal(map[string]any{"name": name, "person": who})
		require.NoError(t, err)
		_, err = stdin.Write(append(line, '\n'))
		require.NoError(t, err)
		_, err = said("done")
		require.NoError(t, err)
	}
	p.setGroups = func(t *testing.T, name string, groups ...string) {
		t.Helper()
		people[name].Groups = groups
		tell(t, name)
	}
	p.setGone = func(t *testing.T, name string, is bool) {
		t.Helper()
		gone[name] = is
		tell(t, name)
	}
	return p, nil
}
