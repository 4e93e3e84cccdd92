package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/cli/term"
	"github.com/helios-sql/helios/internal/client"
	"github.com/helios-sql/helios/internal/fault"
)

func (c *console) quarantine() *cobra.Command {
	group := family(&cobra.Command{
		Use:   "quarantine",
		Short: "See which events could not become rows, and try them again",
		Long: `What cannot become a row is kept whole in the quarantine of its table, with the reason. It can be queried too; raw holds the
event's bytes, and try(decode(raw)) is their text, NULL where they are no UTF-8.`,
		Example: `  helios sql "SELECT reason, field, count(*) FROM quarantine.clicks GROUP BY ALL"
  helios sql "SELECT try(decode(raw)) FROM quarantine.clicks WHERE reason = 'type_mismatch' LIMIT 10"`,
	})
	c.urlFlag(group)
	group.AddCommand(c.quarantineList(), c.quarantineShow(), c.quarantineReplay(), c.quarantineDelete())
	return group
}

func (c *console) quarantineList() *cobra.Command {
	return c.jsonFlag(&cobra.Command{
		Use:               "list [TABLE]",
		Short:             "Count the quarantined events by reason",
		Args:              atMost(1),
		ValidArgsFunction: c.complete(tableNames),
		RunE: c.remote(func(ctx context.Context, api *client.Client, args []string) error {
			reasons, err := api.QuarantineReasons(ctx, strings.Join(args, ""))
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"reasons": notNil(reasons)})
			}
			if len(reasons) == 0 {
				c.say("The quarantine is empty: every event became a row.")
				return nil
			}
			rows := make([][]string, len(reasons))
			for i, r := range reasons {
				rows[i] = []string{r.Table, r.Reason, term.Count(r.Count), c.ago(&r.Last), r.Example}
			}
			return c.table([]term.Column{
				{Name: "TABLE", Whole: true},
				{Name: "REASON", Whole: true},
				{Name: "EVENTS", Right: true, Whole: true},
				{Name: "NEWEST", Whole: true},
				{Name: "NEWEST SAYS"},
			}, rows)
		}),
	})
}

func (c *console) quarantineShow() *cobra.Command {
	var (
		reason string
		limit  int
	)
	cmd := &cobra.Command{
		Use:   "show TABLE",
		Short: "Show quarantined events, with reason and key",
		Long:  `Shows quarantined events: the key that replay takes, the reason, what was wrong, and the event as it came.`,
		Example: `  helios quarantine show clicks
  helios quarantine show clicks --reason type_mismatch --limit 100 --json`,
		Args:              named("TABLE"),
		ValidArgsFunction: c.complete(tableNames),
	}
	cmd.RunE = c.remote(func(ctx context.Context, api *client.Client, args []string) error {
		if err := checkLimit(cmd, limit); err != nil {
			return err
		}
		page, err := quarantined(ctx, api, args[0], reason, limit)
		if err != nil {
			return err
		}
		if c.json {
			page.Events = notNil(page.Events)
			return c.printJSON(page)
		}
		if len(page.Events) == 0 {
			c.say("No event of %s is in quarantine that matches.", args[0])
			return nil
		}
		for i, e := range page.Events {
			if i > 0 {
				fmt.Fprintln(c.out)
			}
			if err := c.showQuarantined(e); err != nil {
				return err
			}
		}
		if page.Next != "" {
			c.say("There are more: raise --limit, or ask with `helios sql 'SELECT * FROM quarantine.%s'`.", quoteName(args[0]))
		}
		return nil
	})
	cmd.Flags().StringVar(&reason, "reason", "", "only those of a `REASON`, as `helios quarantine list` shows it")
	cmd.Flags().IntVar(&limit, "limit", 10, "show up to `N` events")
	_ = cmd.RegisterFlagCompletionFunc("reason", c.completeReasons)
	return c.jsonFlag(cmd)
}

// pageEvents is how many events the server gives at once.
const pageEvents = 1000

// quarantined gathers pages until there are limit events.
func quarantined(ctx context.Context, api *client.Client, table, reason string, limit int) (client.QuarantinePage, error) {
	var all client.QuarantinePage
	for {
		page, err := api.Quarantined(ctx, table, reason, min(limit-len(all.Events), pageEvents), all.Next)
		if err != nil {
			return all, err
		}
		all.Events, all.Next = append(all.Events, page.Events...), page.Next
		if all.Next == "" || len(all.Events) >= limit || len(page.Events) == 0 {
			return all, nil
		}
	}
}

func (c *console) showQuarantined(e client.Quarantined) error {
	reason := e.Reason
	if e.Field != "" {
		reason += " in " + e.Field
	}
	raw := strconv.Quote(string(e.Raw))
	if text := string(e.Raw); text != "" && term.Clean(text) == text {
		raw = text
	}
	if term.Is(c.out) {
		raw = term.Shorten(raw, 500)
	}
	return term.Pairs(c.out, [][2]string{
		{"key", keyText(e.QuarantineKey)},
		{"reason", reason},
		{"message", e.Message},
		{"arrived", c.ago(&e.ArrivedAt)},
		{"event", raw},
	})
}

func (c *console) quarantineReplay() *cobra.Command {
	var (
		which      client.ReplayRequest
		key, field string
		dry        bool
	)
	cmd := &cobra.Command{
		Use:   "replay TABLE (--all | --reason REASON | --field FIELD | --key KEY)",
		Short: "Try quarantined events again with the table's schema of today",
		Long: `Tries quarantined events again. Those that fit the table now move from the quarantine to the table, each once; the others stay.
It is worth doing after the schema has changed.`,
		Example: `  helios quarantine replay clicks --reason unknown_field
  helios quarantine replay clicks --reason type_mismatch --field product.price --dry-run
  helios quarantine replay clicks --key shardId-000000000000:49640000000000000000000000000000000000000000000000000000:0 --yes`,
		Args:              named("TABLE"),
		ValidArgsFunction: c.complete(tableNames),
	}
	cmd.RunE = c.remote(func(ctx context.Context, api *client.Client, args []string) error {
		filter := client.QuarantineFilter{Reason: which.Reason}
		if cmd.Flags().Changed("field") {
			filter.Field = &field
		}
		given := 0
		for _, set := range []bool{which.All, filter.Reason != "" || filter.Field != nil, key != ""} {
			if set {
				given++
			}
		}
		if given != 1 {
			return usage(cmd, "%s needs one of --all, --reason or --field or both, and --key", path(cmd))
		}
		what := described(filter)
		if key != "" {
			parsed, ok := parseKey(key)
			if !ok {
				return usage(cmd, "--key %q is not SHARD:SEQUENCE:INDEX, as `helios quarantine show` prints it", key)
			}
			which.Key, what = &parsed, "the event "+key
		}
		if dry {
			if key != "" {
				return usage(cmd, "%s tries no single event without replaying it: leave out --dry-run or --key", path(cmd))
			}
			return c.dryRun(ctx, api, args[0], filter)
		}
		request := which
		if filter.Field != nil {
			request = client.ReplayRequest{Filter: &filter}
		}
		if err := c.confirm(ctx, fmt.Sprintf("Replay %s in the quarantine of %s?", what, args[0])); err != nil {
			return err
		}
		result, err := api.Replay(ctx, args[0], request)
		if err != nil {
			return err
		}
		if key != "" && result.Matched == 0 {
			return fault.New(fault.NotFound, "there is no such event in the quarantine of %s", args[0]).
				WithHint("`helios quarantine show %s` prints the keys", args[0])
		}
		if c.json {
			return c.printJSON(result)
		}
		stay := "stays"
		if result.Rejected != 1 {
			stay = "stay"
		}
		c.say("%s matched: %s left the quarantine and became %s, %s %s in it.", term.Counted(result.Matched, "event"),
			term.Count(result.Replayed), term.Counted(result.Rows, "row"), term.Count(result.Rejected), stay)
		if result.Replayed > 0 || result.Rejected == 0 {
			return nil
		}
		return c.sayReasons(ctx, api, args[0], which.Reason)
	})
	cmd.Flags().BoolVar(&which.All, "all", false, "all of the table's")
	cmd.Flags().StringVar(&which.Reason, "reason", "", "those of a `REASON`, as `helios quarantine list` shows it")
	_ = cmd.RegisterFlagCompletionFunc("reason", c.completeReasons)
	cmd.Flags().StringVar(&field, "field", "", "those of a `FIELD`, as in product.price; '' for those of no field")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would become rows")
	cmd.Flags().StringVar(&key, "key", "", "the one with a `KEY`, as `helios quarantine show` prints it")
	return c.jsonFlag(c.yesFlag(cmd))
}

// dryRun says what a replay would do.
func (c *console) dryRun(ctx context.Context, api *client.Client, table string, filter client.QuarantineFilter) error {
	result, err := api.DryRunReplay(ctx, table, filter)
	if err != nil {
		return err
	}
	if c.json {
		result.StillRejected = notNil(result.StillRejected)
		return c.printJSON(result)
	}
	c.say("%s of %s would become rows.", term.Count(result.WouldPass), term.Counted(result.Tried, "event"))
	if result.Tried < result.Matched {
		c.say("The first %s of the %s that matched were tried.", term.Count(result.Tried), term.Count(result.Matched))
	}
	for _, still := range result.StillRejected {
		field := ""
		if still.Field != "" {
			field = " in " + still.Field
		}
		c.say("  %s%s would keep %s in quarantine.", still.Reason, field, term.Counted(still.Count, "event"))
	}
	return nil
}

// sayReasons says why events stay in quarantine: those of a reason, of all when it is "".
func (c *console) sayReasons(ctx context.Context, api *client.Client, table, reason string) error {
	reasons, err := api.QuarantineReasons(ctx, table)
	if err != nil {
		return err
	}
	for _, r := range reasons {
		if reason == "" || r.Reason == reason {
			c.say("  %s, %s; the newest says: %s", r.Reason, term.Counted(r.Count, "event"), r.Example)
		}
	}
	c.say("The table does not take them as it is today.")
	return nil
}

// keyText is a quarantined event's key as parseKey reads it.
func keyText(k client.QuarantineKey) string {
	return fmt.Sprintf("%s:%s:%d", k.ShardID, k.Sequence, k.Index)
}

// parseKey reads SHARD:SEQUENCE:INDEX; a shard's name may hold colons.
func parseKey(text string) (client.QuarantineKey, bool) {
	parts := strings.Split(text, ":")
	if len(parts) < 3 {
		return client.QuarantineKey{}, false
	}
	last := len(parts) - 1
	index, err := strconv.ParseInt(parts[last], 10, 64)
	key := client.QuarantineKey{ShardID: strings.Join(parts[:last-1], ":"), Sequence: parts[last-1], Index: index}
	return key, err == nil && index >= 0 && key.ShardID != "" && key.Sequence != ""
}
