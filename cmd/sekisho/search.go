// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones are known on machines that have no table of them
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/store"
	"github.com/sekisho/sekisho/store/duckdb"
)

type searchFlags struct {
	dir, format, timezone, lang string
	limit                       int64
	timeout                     time.Duration
	raw                         bool
}

// tableRows is how many rows a table shows unless --limit says otherwise: more than anybody reads.
const tableRows = 1000

func searchCommand() *cobra.Command {
	var f searchFlags
	cmd := &cobra.Command{
		Use:   "search --case DIR [--format table|csv|json|ocsf] QUERY",
		Short: "Ask the events of a case, in SQL or with a short filter",
		Long: `Search asks the event store of a case and changes nothing. The query is SQL over the tables events, inputs, accounts and
aliases (DESCRIBE events lists the columns; times are UTC), or a filter:

` + filterHelp() + `
A query whose first word is SELECT, WITH, FROM, DESCRIBE or another such word of SQL is SQL; put that word into quotes to look
for it as a text. SQL has the function in_network(src_ip, '10.0.0.0/8') too. - as the query reads it from standard input; --
before a query lets it begin with a minus.`,
		Example: `  sekisho search account:taro outcome:failure src:185.220.101.0/24
  sekisho search --format csv "SELECT src_ip, count(*) AS n FROM events WHERE outcome = 'failure' GROUP BY ALL ORDER BY n DESC"
  sekisho search --format ocsf since:2025-07-01 class:authentication > events.ndjson`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "case", "sekisho-case", "the case's `folder`")
	fl.StringVar(&f.format, "format", "table", "`table`, csv, json (one object a line) or ocsf (one object a line; rows must be events)")
	fl.Int64Var(&f.limit, "limit", -1, "most `rows` to print; 0: all (default: 1000 for a table, else all)")
	fl.StringVar(&f.timezone, "timezone", "UTC", "`zone` of times in a filter that say none, such as Asia/Tokyo")
	fl.DurationVar(&f.timeout, "timeout", 0, "give up after this `time`, such as 30s; 0: never")
	fl.StringVar(&f.lang, "lang", "", "language of messages: ja or en (default: of the terminal)")
	fl.BoolVar(&f.raw, "raw", false, "csv: leave texts that a spreadsheet would take for formulas as they are")
	return cmd
}

// filterHelp explains the filter language from the table of its keys.
func filterHelp() string {
	var b strings.Builder
	b.WriteString("  terms parted by spaces, all of which must hold: key:value, key:value,value (either), key:>number, a text that\n")
	b.WriteString("  stands somewhere in the event, or an address; * stands for any text, - before a term for its opposite,\n")
	b.WriteString("  quotes hold spaces together\n\n")
	for _, k := range store.FilterKeys() {
		fmt.Fprintf(&b, "    %-12s %s\n", k.Name, k.Doc)
	}
	return b.String()
}

func (f *searchFlags) run(cmd *cobra.Command, args []string) error {
	if !slices.Contains([]string{"table", "csv", "json", "ocsf"}, f.format) {
		return usageError("%q という出力形式はありません：table、csv、json、ocsf のいずれかです", "there is no format %q: table, csv, json or ocsf", f.format)
	}
	zone, err := time.LoadLocation(f.timezone)
	if err != nil {
		return usageError("%q というタイムゾーンはありません：Asia/Tokyo のように指定してください", "there is no time zone %q: write one such as Asia/Tokyo", f.timezone)
	}
	query, err := queryText(cmd, args)
	if err != nil {
		return err
	}
	if f.limit < 0 && cmd.Flags().Changed("limit") {
		return usageError("--limit %d：最大何行を表示するかを指定してください。0 ですべて表示します", "--limit %d: write how many rows to print at most; 0 prints all", f.limit)
	}
	if f.limit < 0 && f.format == "table" {
		f.limit = tableRows
	}
	ctx := cmd.Context()
	if f.timeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, f.timeout)
		defer stop()
	}
	temp, err := os.MkdirTemp("", "sekisho-search-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	defer boundMemory(func() {
		fmt.Fprintf(cmd.ErrOrStderr(), "sekisho: the query would take more than %s of memory: ask for less at once: a shorter time, fewer columns, or a LIMIT\n", bytesText(searchMemory))
		os.RemoveAll(temp)
		os.Exit(exitFailed)
	})()
	r, err := openCase(f.dir, temp)
	if err != nil {
		return err
	}
	defer r.Close()
	rows, err := f.ask(ctx, r, query, zone)
	if err != nil {
		return f.explain(err)
	}
	defer rows.Close()
	out := bufio.NewWriterSize(cmd.OutOrStdout(), 64<<10)
	more, err := f.print(cmd.OutOrStdout(), out, rows)
	if err := errors.Join(err, out.Flush()); err != nil {
		return f.explain(err)
	}
	if more {
		fmt.Fprintf(cmd.ErrOrStderr(), "sekisho: "+pick(language(f.lang), event.Words{Ja: "この %d 行のほかにもあります：--limit 0 ですべて表示します", En: "there is more than these %d rows: --limit 0 prints all"})+"\n", f.limit)
	}
	return nil
}

func queryText(cmd *cobra.Command, args []string) (string, error) {
	query := strings.TrimSpace(strings.Join(quoted(args), " "))
	if query == "-" {
		b, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 1<<20))
		if err != nil {
			return "", event.Tell("検索条件を読めません：%v", "read the query: %v", err)
		}
		query = strings.TrimSpace(string(b))
	}
	if query == "" {
		return "", usageError("検索条件がありません：sekisho search --help に例があります", "a query is missing: sekisho search --help shows some")
	}
	return query, nil
}

// quoted gives back to arguments the quotes that the shell took from them: object:"a b" arrives as one argument without.
// A single argument is a whole query.
func quoted(args []string) []string {
	if len(args) < 2 {
		return args
	}
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = a
		if !strings.ContainsAny(a, " \t") || strings.Contains(a, `"`) {
			continue
		}
		if key, value, ok := strings.Cut(a, ":"); ok && !strings.ContainsAny(key, " \t") {
			out[i] = key + `:"` + value + `"`
		} else {
			out[i] = `"` + a + `"`
		}
	}
	if isSQL(strings.Join(args, " ")) { // SQL without quotes around it
		return args
	}
	return out
}

// openCase opens the store of a case folder, or a store itself. What does not fit in memory goes below temp.
func openCase(dir, temp string) (*duckdb.Reader, error) {
	st, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, usageError("%s に事案がありません：sekisho investigate で作成するか、--case で場所を指定してください", "there is no case in %s: sekisho investigate makes one; --case says where it is", printable(dir))
	}
	if err != nil {
		return nil, err
	}
	path := dir
	if st.IsDir() {
		path = filepath.Join(dir, "events.duckdb")
	}
	r, err := duckdb.Open(path, duckdb.ReadOptions{Temp: temp})
	if errors.Is(err, os.ErrNotExist) {
		return nil, event.Tell("%s に events.duckdb がありません：調査が途中で終わったか、別の場所にあります", "%s has no events.duckdb: the investigation was broken off, or the store lies elsewhere", printable(dir))
	}
	return r, err
}

// ask makes SQL of a filter, with the columns that the format has room for.
func (f *searchFlags) ask(ctx context.Context, r store.Reader, query string, zone *time.Location) (*sql.Rows, error) {
	if isSQL(query) {
		return r.Query(ctx, query)
	}
	filter, err := store.ParseFilter(query, zone)
	if err != nil {
		var fe *store.FilterError
		if errors.As(err, &fe) {
			return nil, usageError("%[1]s\n\n  %[2]s\n  %[3]s^", "%[1]s\n\n  %[2]s\n  %[3]s^", event.Words{Ja: fe.Ja, En: fe.Text}, printable(query), strings.Repeat(" ", width(printable(query[:min(fe.At, len(query))]))))
		}
		return nil, err
	}
	columns := "*"
	if f.format == "table" {
		columns = "time, class, activity, outcome, reason, account, src_ip, dst_host, service, object"
	}
	return r.Query(ctx, "SELECT "+columns+" FROM events WHERE "+filter.Where, filter.Args...)
}

// isSQL says whether a query begins like a statement. Words that read come alone; those that write only with what usually
// follows them, since they are words of logs too: they are to be refused, not looked for.
func isSQL(query string) bool {
	words := strings.Fields(strings.TrimLeft(query, "( \t\n"))
	if strings.HasPrefix(query, "--") || strings.HasPrefix(query, "/*") {
		return true
	}
	if len(words) == 0 {
		return false
	}
	first, rest := strings.ToUpper(words[0]), ""
	if i := strings.IndexAny(first, "(*;\"'[/"); i >= 0 {
		first, rest = first[:i], first[i:]
	}
	reading := []string{"SELECT", "WITH", "FROM", "VALUES", "TABLE", "DESCRIBE", "DESC", "SHOW", "SUMMARIZE", "EXPLAIN", "PIVOT", "UNPIVOT", "PRAGMA"}
	if slices.Contains(reading, first) {
		return true
	}
	writing := map[string]string{"INSERT": "INTO OR", "DELETE": "FROM", "UPDATE": "", "DROP": "TABLE VIEW SCHEMA INDEX MACRO", "CREATE": "TABLE TEMP VIEW OR MACRO SECRET",
		"ALTER": "TABLE VIEW", "COPY": "", "ATTACH": "", "DETACH": "", "INSTALL": "", "LOAD": "", "SET": "", "RESET": "", "CALL": "", "EXPORT": "DATABASE", "IMPORT": "DATABASE", "USE": ""}
	second, ok := writing[first]
	if !ok || len(words) < 2 || rest != "" {
		return false
	}
	return second == "" && words[0] == first || slices.Contains(strings.Fields(second), strings.ToUpper(words[1]))
}

// explain says what to do about an error.
func (f *searchFlags) explain(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return event.Tell("%v 以内に結果が出ませんでした：期間を短くするか、--timeout を延ばしてください", "no answer within %v: ask for a shorter time, or give more with --timeout", f.timeout)
	case errors.Is(err, store.ErrMemory):
		return event.Tell("%v：期間を短くする、列を減らす、LIMIT を付けるなどして、一度に求める量を減らしてください", "%v: ask for less at once: a shorter time, fewer columns, or a LIMIT", err)
	case errors.Is(err, context.Canceled):
		return &exitError{exitFailed, event.Tell("中断しました", "interrupted")}
	case errors.Is(err, store.ErrRefused):
		return &exitError{exitUsage, err}
	}
	if told := new(event.Told); errors.As(err, &told) {
		return err
	}
	return event.Tell("この検索には答えられません。データベースの説明：%s", "%s", strings.TrimPrefix(err.Error(), "duckdb: "))
}

// print writes the rows, and says whether there were more than the limit.
func (f *searchFlags) print(terminal io.Writer, out *bufio.Writer, rows *sql.Rows) (more bool, err error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return false, err
	}
	p, err := f.printer(terminal, out, types)
	if err != nil {
		return false, err
	}
	values, into := make([]any, len(types)), make([]any, len(types))
	for i := range values {
		into[i] = &values[i]
	}
	var n int64
	for rows.Next() {
		if f.limit > 0 && n == f.limit {
			more = true
			break
		}
		n++
		if err := rows.Scan(into...); err != nil {
			return false, err
		}
		if err := p.row(values); err != nil {
			return false, err
		}
	}
	if err := rows.Err(); err != nil {
		return false, err
	}
	return more, p.end()
}

// rowPrinter writes rows in one format. The values of a row are valid until the next.
type rowPrinter interface {
	row(values []any) error
	end() error
}

func (f *searchFlags) printer(terminal io.Writer, out *bufio.Writer, types []*sql.ColumnType) (rowPrinter, error) {
	switch f.format {
	case "csv":
		return newCSVPrinter(out, types, f.raw, isTerminal(terminal))
	case "json":
		return newJSONPrinter(out, types), nil
	case "ocsf":
		return newOCSFPrinter(out, types)
	}
	columns, _ := terminalOf(terminal)
	return newTablePrinter(out, types, columns), nil
}

// cell returns a value as text, and whether there is one. Texts are as recorded, control characters included.
func cell(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000000Z"), true
	case []byte:
		if utf8.Valid(v) {
			return string(v), true
		}
		return fmt.Sprintf("%x", v), true
	}
	return fmt.Sprint(v), true
}
