//go:build e2e

package stack_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tool is one of those that others wrote to judge templates.
func tool(t *testing.T, name string) string {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("../../../.tools/deploy-venv/bin", name))
	require.NoError(t, err)
	require.FileExists(t, file, "e2e/deploy/venv.sh installs it")
	return file
}

func TestLinterOfAWSFindsNothingInAnyCombination(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []string
	for name, p := range combinations() {
		file := filepath.Join(dir, name+".yaml")
		require.NoError(t, os.WriteFile(file, template(t, p), 0o600))
		files = append(files, file)
	}
	lint := func(files ...string) (string, error) {
		args := append([]string{"--include-checks", "I", "--non-zero-exit-code", "informational", "--regions", "eu-central-1", "--"}, files...)
		out, err := exec.CommandContext(t.Context(), tool(t, "cfn-lint"), args...).CombinedOutput()
		return string(out), err
	}
	out, err := lint(files...)
	require.NoError(t, err, out)
	require.Empty(t, out)

	broken := filepath.Join(dir, "broken.yaml")
	text := strings.Replace(string(template(t, aDeployment())), "HttpTokens: required", "HttpTokens: maybe", 1)
	require.NoError(t, os.WriteFile(broken, []byte(text), 0o600))
	out, err = lint(broken)
	require.Error(t, err, "what is wrong is found")
	require.Contains(t, out, "maybe")
}

// judged is what checkov says of templates.
type judged struct {
	Results struct {
		Passed  []finding `json:"passed_checks"`
		Failed  []finding `json:"failed_checks"`
		Skipped []finding `json:"skipped_checks"`
	} `json:"results"`
	Summary struct {
		ParsingErrors int `json:"parsing_errors"`
	} `json:"summary"`
}

type finding struct {
	ID       string `json:"check_id"`
	File     string `json:"file_path"`
	Resource string `json:"resource"`
}

func TestCheckovFindsNothingThatIsNotJustified(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	accepted, files := map[finding]bool{}, map[string]bool{}
	for name, p := range combinations() {
		text := template(t, p)
		file := "/" + name + ".yaml"
		files[file] = true
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), text, 0o600))
		for id, r := range parse(t, text)["Resources"].(map[string]any) {
			skip, _ := at(r, "Metadata", "checkov", "skip").([]any)
			for _, one := range skip {
				require.NotEmpty(t, at(one, "comment"))
				accepted[finding{at(one, "id").(string), file, at(r, "Type").(string) + "." + id}] = true
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), tool(t, "checkov"), "--skip-download", "--framework", "cloudformation", "--directory", dir, "--output", "json", "--soft-fail")
	cmd.Env = append(os.Environ(), "LOG_LEVEL=ERROR")
	out, err := cmd.Output()
	require.NoError(t, err)
	var all judged
	require.NoError(t, json.Unmarshal(out, &all))
	require.Empty(t, all.Results.Failed)
	require.Zero(t, all.Summary.ParsingErrors)

	found := map[finding]bool{}
	for _, f := range all.Results.Skipped {
		found[f] = true
	}
	require.Equal(t, accepted, found, "what is accepted is a finding: else it would hide the next one")
	for _, f := range all.Results.Passed {
		delete(files, f.File)
	}
	require.Empty(t, files, "all were judged")
}
