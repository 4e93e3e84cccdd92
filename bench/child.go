package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// childArgument says that this process is a child: what is measured by itself runs in a process of its own.
const childArgument = "child"

// beChild does one role with its parameters and writes the result, both as JSON.
func beChild(ctx context.Context, role string, parameters []byte, out io.Writer) error {
	var result any
	var err error
	switch role {
	case "helios-load":
		result, err = as(ctx, parameters, heliosLoad)
	case "duckdb-load":
		result, err = as(ctx, parameters, duckdbLoad)
	default:
		err = fmt.Errorf("there is no role %q", role)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}

func as[P, R any](ctx context.Context, parameters []byte, do func(context.Context, P) (R, error)) (any, error) {
	var p P
	if err := json.Unmarshal(parameters, &p); err != nil {
		return nil, err
	}
	return do(ctx, p)
}

// inChild does a role in a child process and waits for its result.
func inChild[R any](ctx context.Context, b *bench, role string, parameters any) (result R, err error) {
	text, err := json.Marshal(parameters)
	if err != nil {
		return result, err
	}
	self, err := os.Executable()
	if err != nil {
		return result, err
	}
	cmd := exec.CommandContext(ctx, self, childArgument, role, string(text))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Run(); err != nil {
		return result, fmt.Errorf("%s: %w: %s", role, err, bytes.TrimSpace(talk.Bytes()))
	}
	return result, json.Unmarshal(out.Bytes(), &result)
}
