// Asks for its events as Alibaba Cloud's Go SDK does: with net/http's own client, kept connections,
// the same paths and fields, and the same demands on the answers.  From the standard library only,
// so that it can be built where the SDK cannot be had.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
)

type failure struct {
	Message string   `json:"errorMessage"`
	Type    string   `json:"errorType"`
	Stack   []string `json:"stackTrace"`
}

func post(url string, payload []byte) error {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewBuffer(payload))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("POST %s: status %d", url, response.StatusCode)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func handle(base string) error {
	response, err := http.Get(base + "next")
	if err != nil {
		return err
	}
	payload, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("next: status %d", response.StatusCode)
	}
	header := response.Header.Get
	deadline, err := strconv.ParseInt(header("x-fc-function-deadline"), 10, 64)
	if err != nil {
		return err
	}
	timeout, err := strconv.Atoi(header("x-fc-function-timeout"))
	if err != nil {
		return err
	}
	answer := base + header("x-fc-request-id")
	var event struct{ Name string }
	if err := json.Unmarshal(payload, &event); err != nil {
		failed, _ := json.Marshal(failure{err.Error(), fmt.Sprintf("%T", err), []string{}})
		return post(answer+"/error", failed)
	}
	log.Printf("%s has until %d", header("x-fc-request-id"), deadline)
	out, _ := json.Marshal(fmt.Sprintf("hello %s, from %s, for %d s", event.Name, header("x-fc-function-name"), timeout))
	return post(answer+"/response", out)
}

func main() {
	base := "http://" + os.Getenv("FC_RUNTIME_API") + "/2020-11-11/runtime/invocation/"
	for {
		if err := handle(base); err != nil {
			log.Fatal(err)
		}
	}
}
