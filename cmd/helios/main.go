// Command helios turns Kinesis streams into SQL tables.
package main

import (
	"context"
	"os"

	"github.com/helios-sql/helios/internal/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
