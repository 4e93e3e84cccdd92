//go:build keycloak

package oidc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	keycloakHome  = "../../.tools/keycloak/server" // where keycloak/install.sh puts it
	keycloakStart = 8 * time.Minute                // the first start builds it
)

// startIDP runs Keycloak with the realm of keycloak/realm.json.
func startIDP(helios string) (*idp, error) {
	root, err := filepath.Abs(keycloakHome)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(root); err != nil {
		return nil, fmt.Errorf("%w: run make test-keycloak, which fetches Keycloak", err)
	}
	if err := writeRealm(root, helios); err != nil {
		return nil, err
	}
	g, err := newGate()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	at := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(at)
	cmd := exec.Command(filepath.Join(root, "bin", "kc.sh"), "start-dev", "--import-realm", "--http-host", "127.0.0.1", "--http-port", port)
	cmd.Env = append(environment(), "KC_BOOTSTRAP_ADMIN_USERNAME=root", "KC_BOOTSTRAP_ADMIN_PASSWORD="+password, "JAVA_OPTS_KC_HEAP=-Xms64m -Xmx512m")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said lockedBuffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	stop := sync.OnceFunc(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
	})
	g.lead(at)
	k := &keycloak{url: "http://" + g.address, client: &http.Client{Timeout: time.Minute}}
	started := time.Now()
	for {
		res, err := k.client.Get(k.url + "/realms/helios/.well-known/openid-configuration")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				break
			}
		}
		select {
		case <-ended:
			return nil, fmt.Errorf("Keycloak ended by itself: %s", &said)
		case <-time.After(500 * time.Millisecond):
		}
		if time.Since(started) > keycloakStart {
			stop()
			return nil, fmt.Errorf("Keycloak is not ready after %s: %s", keycloakStart, &said)
		}
	}
	fmt.Fprintf(os.Stderr, "Keycloak is ready after %s\n", time.Since(started).Round(time.Second))
	return &idp{issuer: k.url + "/realms/helios", gate: g, setGroups: k.setGroups, setGone: k.setGone, stop: stop}, nil
}

// writeRealm gives Keycloak the realm, and takes away what a run before has left.
func writeRealm(root, helios string) error {
	text, err := os.ReadFile("keycloak/realm.json")
	if err != nil {
		return err
	}
	text = []byte(strings.NewReplacer("HELIOS", helios, "SECRET", secret, "CLIENT", clientID, "PASSWORD", password).Replace(string(text)))
	folder := filepath.Join(root, "data", "import")
	return errors.Join(os.RemoveAll(filepath.Join(root, "data")), os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, "helios-realm.json"), text, 0o600))
}

// keycloak is its administration.
type keycloak struct {
	url    string
	client *http.Client
}

// admin makes a request of an administrator, and reads the answer's JSON, if it has any.
func (k *keycloak) admin(t *testing.T, method, path string, body, to any) {
	t.Helper()
	res, err := k.client.PostForm(k.url+"/realms/master/protocol/openid-connect/token", url.Values{
		"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"root"}, "password": {password},
	})
	require.NoError(t, err)
	defer res.Body.Close()
	var token struct {
		Access string `json:"access_token"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&token))
	text, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, k.url+"/admin/realms/helios"+path, bytes.NewReader(text))
	if body == nil {
		req, err = http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, k.url+"/admin/realms/helios"+path, http.NoBody)
	}
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token.Access)
	req.Header.Set("Content-Type", "application/json")
	res, err = k.client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Less(t, res.StatusCode, 300, "%s %s: %s", method, path, said)
	if to != nil {
		require.NoError(t, json.Unmarshal(said, to))
	}
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (k *keycloak) user(t *testing.T, name string) map[string]any {
	t.Helper()
	var found []map[string]any
	k.admin(t, http.MethodGet, "/users?exact=true&username="+name, nil, &found)
	require.Len(t, found, 1)
	return found[0]
}

func (k *keycloak) setGroups(t *testing.T, name string, groups ...string) {
	t.Helper()
	at := "/users/" + k.user(t, name)["id"].(string) + "/groups"
	var has, all []named
	k.admin(t, http.MethodGet, at, nil, &has)
	k.admin(t, http.MethodGet, "/groups", nil, &all)
	for _, g := range has {
		k.admin(t, http.MethodDelete, at+"/"+g.ID, nil, nil)
	}
	for _, g := range all {
		for _, want := range groups {
			if g.Name == want {
				k.admin(t, http.MethodPut, at+"/"+g.ID, nil, nil)
			}
		}
	}
}

func (k *keycloak) setGone(t *testing.T, name string, gone bool) {
	t.Helper()
	user := k.user(t, name)
	user["enabled"] = !gone
	k.admin(t, http.MethodPut, "/users/"+user["id"].(string), user, nil)
}
