// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sekisho/sekisho/drill"
)

// flagError says in words what is wrong with a flag.
func flagError(cmd *cobra.Command, err error) error {
	help := cmd.CommandPath() + " --help shows the flags"
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		f := value.GetFlag()
		return usageError("--%s %q: write %s; %s", f.Name, value.GetValue(), wanted(f), help)
	}
	var missing *pflag.ValueRequiredError
	if errors.As(err, &missing) {
		return usageError("--%s: write %s behind it; %s", missing.GetFlag().Name, wanted(missing.GetFlag()), help)
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := drill.Nearest(unknown.GetSpecifiedName(), names); near != "" {
			return usageError("%w; did you mean --%s? %s", err, near, help)
		}
	}
	return usageError("%w: %s", err, help)
}

// wanted says what a flag takes.
func wanted(f *pflag.Flag) string {
	switch t := f.Value.Type(); {
	case strings.HasPrefix(t, "uint16"):
		return "a whole number from 0 to 65535"
	case strings.HasPrefix(t, "uint"):
		return "a whole number, 0 or more"
	case strings.HasPrefix(t, "int"):
		return "a whole number"
	case strings.HasPrefix(t, "float"):
		return "a number such as 0.5"
	case t == "duration":
		return "a span of time such as 90s or 6h30m"
	case t == "bool":
		return "true or false"
	}
	name, _ := pflag.UnquoteUsage(f)
	if name == "" {
		name = "value"
	}
	return fmt.Sprintf("a %s", strings.ToLower(name))
}
