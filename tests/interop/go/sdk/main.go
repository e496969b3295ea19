// A function on Alibaba Cloud's own Go SDK, unmodified.
package main

import (
	"context"
	"fmt"

	"github.com/aliyun/fc-runtime-go-sdk/fc"
	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
)

type event struct {
	Name string `json:"name"`
}

func hello(ctx context.Context, asked event) (string, error) {
	if asked.Name == "" {
		return "", fmt.Errorf("no name")
	}
	known, ok := fccontext.FromContext(ctx)
	if !ok {
		return "", fmt.Errorf("no context")
	}
	return fmt.Sprintf("hello %s, from %s, for %d s", asked.Name, known.Function.Name, known.Function.Timeout), nil
}

func main() {
	fc.Start(hello)
}
