package cli

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"time"

	"github.com/spf13/cobra"
)

func openFlag(cmd *cobra.Command, open *bool) {
	cmd.Flags().BoolVar(open, "open", false, "open the console in the browser")
}

// browserTime is how long the program that opens a browser may take.
const browserTime = 10 * time.Second

// open shows the console in the person's browser, if that is wanted. A machine without one is no reason to stop: the address is
// in the banner.
func (c *console) open(ctx context.Context, wanted bool, url string) {
	if !wanted {
		return
	}
	name, args := browser(runtime.GOOS)
	ctx, cancel := context.WithTimeout(ctx, browserTime)
	cmd := exec.CommandContext(ctx, name, append(args, url)...)
	if err := cmd.Start(); err != nil {
		cancel()
		fmt.Fprintf(c.talk, "The browser cannot be opened from here: %v\n", err)
		return
	}
	go func() {
		defer cancel()
		_ = cmd.Wait() // what it says of itself is not ours
	}()
}

// browser is the program by which a system opens an address.
func browser(system string) (name string, args []string) {
	switch system {
	case "darwin":
		return "open", nil
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	default:
		return "xdg-open", nil
	}
}
