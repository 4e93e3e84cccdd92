package stack_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// interrupted runs the part of the script that decides which data a version gets. It makes a volume with which a version was ready, and
// on which another has left its own data since if it is named. Then it lets a version have it, kills that before its nth command,
// lets the next one have it, and says what there is, for each n until nothing was left to be killed.
const interrupted = `
systemctl() { false; }
chown() { :; }
stat() { echo helios:helios; }
sync() { :; }
set -T # functions inherit the trap below

failed=$1 second=$2 next=$3
mkdir -p "$state"
DIGEST=old
prepare_data
echo old >"$data/of"
remember ready
if [[ -n $failed ]]; then
  DIGEST=$failed
  prepare_data
  echo "$failed" >"$data/of"
fi
command cp -r "$state" "$state.first"
for ((n = 1; ; n++)); do
  command rm -rf "$state"
  command cp -r "$state.first" "$state"
  set +e
  (
    set -e
    left=$n self=$BASHPID DIGEST=$second
    trap '((--left)) || kill -KILL "$self"' DEBUG
    prepare_data
    trap - DEBUG
  )
  code=$?
  set -e
  DIGEST=$next
  prepare_data
  echo "was $code $(<"$data/of") $(<"$state/installed") $(<"$state/ready") $(readlink /opt/helios/bin/helios) $(cat "$before/of" 2>/dev/null || true)"
  ((code != 0)) || break
done
`

// A boot may be interrupted at any command, and another version may be wanted at the next: the data that a version was ready with
// are there in any case, and no other is given what one has left that never was ready.
func TestDataOutliveABootThatIsInterruptedAnywhere(t *testing.T) {
	text, _ := bootOf(t, aDeployment())
	for name, c := range map[string]struct{ failed, second, next string }{
		"an upgrade that is taken back":    {"", "new", "old"},
		"an upgrade that is tried again":   {"", "new", "new"},
		"the way back":                     {"new", "old", "old"},
		"a way forward that is taken back": {"new", "third", "old"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			script := shellOf(t, text)
			for _, change := range [][2]string{
				{"\nmain\n", interrupted}, {"readonly DIGEST=", "DIGEST="}, {"/var/lib/helios", dir + "/state"}, {"/opt/helios", dir + "/opt"},
			} {
				require.Contains(t, script, change[0])
				script = strings.ReplaceAll(script, change[0], change[1])
			}
			cmd := exec.CommandContext(t.Context(), "bash", "-s", c.failed, c.second, c.next)
			cmd.Stdin = strings.NewReader(script)
			var problems strings.Builder
			cmd.Stderr = &problems
			out, err := cmd.Output()
			require.NoError(t, err, "%s", &problems)
			said := regexp.MustCompile(`(?m)^was (.*)$`).FindAllStringSubmatch(string(out), -1)
			require.Greater(t, len(said), 30)
			for n, line := range said {
				want := "137"
				if n == len(said)-1 {
					want = "0"
				}
				want += " old " + c.next + " old " + dir + "/opt/versions/" + c.next + "/helios"
				if c.next != "old" {
					want += " old" // the copy that can be put back
					require.Equal(t, want, strings.TrimSpace(line[1]), "killed before command %d", n+1)
				} else {
					require.Equal(t, want, strings.TrimSpace(strings.TrimSuffix(line[1], " old")), "killed before command %d", n+1)
				}
			}
		})
	}
}
