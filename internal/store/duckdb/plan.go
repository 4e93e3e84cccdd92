package duckdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/query"
	"github.com/helios-sql/helios/internal/store/duckdb/guard"
)

// Explain tells how a statement is run, or was: see query.Language.
func (db *DB) Explain(ctx context.Context, ask query.Ask, text string, params any, analyze bool) (query.Plan, error) {
	prefix := "EXPLAIN (FORMAT JSON) "
	if analyze {
		prefix = "EXPLAIN (ANALYZE, FORMAT JSON) "
	}
	_, rest := guard.Explain(text) // who writes EXPLAIN gets the plan of what is behind it
	answer, err := ask(ctx, prefix+rest, params)
	if err != nil {
		return query.Plan{}, moved(err, text, len(text)-len(rest)-len(prefix))
	}
	if len(answer) == 0 || len(answer[0]) != 2 || answer[0][1] == nil {
		return query.Plan{}, errors.New("DuckDB gave no plan")
	}
	if analyze {
		return profiled(*answer[0][1])
	}
	return planned(*answer[0][1])
}

// moved finds the place that an error names in the statement as it was written: by bytes further on than in what was run.
func moved(err error, statement string, by int) error {
	at, ok := errors.AsType[*query.SQLError](err)
	if !ok || at.Position < 0 {
		return err
	}
	located := fault.New(fault.CodeOf(err), "%w", query.Locate(statement, at.Message, at.Position+by))
	if hint := fault.HintOf(err); hint != "" {
		return located.WithHint("%s", hint)
	}
	return located
}

// operator is a node of a plan as DuckDB writes it: with Name in a plan, with Type and what was measured after a run.
type operator struct {
	Name     string         `json:"name"`
	Type     string         `json:"operator_name"`
	Rows     int64          `json:"operator_cardinality"`
	Seconds  float64        `json:"operator_timing"`
	Extra    map[string]any `json:"extra_info"`
	Children []operator     `json:"children"`
}

func planned(text string) (query.Plan, error) {
	var roots []operator
	if err := json.Unmarshal([]byte(text), &roots); err != nil || len(roots) == 0 {
		return query.Plan{}, fmt.Errorf("read DuckDB's plan: %w", err)
	}
	root := roots[0].node(false)
	return query.Plan{Plan: root, Text: root.Draw()}, nil
}

func profiled(text string) (query.Plan, error) {
	var ran struct {
		Seconds  float64    `json:"latency"`
		Children []operator `json:"children"`
	}
	if err := json.Unmarshal([]byte(text), &ran); err != nil || len(ran.Children) == 0 {
		return query.Plan{}, fmt.Errorf("read DuckDB's profile: %w", err)
	}
	top := ran.Children[0]
	if top.Type == "EXPLAIN_ANALYZE" && len(top.Children) > 0 { // which is no part of the statement
		top = top.Children[0]
	}
	root := top.node(true)
	return query.Plan{Plan: root, ElapsedMS: new(ran.Seconds * 1000), Text: root.Draw()}, nil
}

const estimate = "Estimated Cardinality"

func (o operator) node(ran bool) query.PlanNode {
	n := query.PlanNode{Operator: strings.TrimSpace(o.Name), Detail: map[string]string{}, Children: []query.PlanNode{}}
	if ran {
		n.Operator, n.Rows, n.ElapsedMS = strings.TrimSpace(o.Type), new(o.Rows), new(o.Seconds*1000)
	}
	for key, value := range o.Extra {
		switch value := value.(type) {
		case string:
			n.Detail[key] = value
		case []any:
			parts := make([]string, len(value))
			for i, part := range value {
				parts[i] = fmt.Sprint(part)
			}
			n.Detail[key] = strings.Join(parts, "\n")
		}
	}
	if rows, err := strconv.ParseInt(n.Detail[estimate], 10, 64); err == nil {
		n.EstimatedRows = &rows
	}
	delete(n.Detail, estimate)
	for key, value := range n.Detail {
		n.Detail[key] = strings.ReplaceAll(value, catalog+"."+mainSchema+".", "") // as people name tables
	}
	for _, child := range o.Children {
		n.Children = append(n.Children, child.node(ran))
	}
	return n
}
