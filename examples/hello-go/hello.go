// An HTTP server as a function, in Go: events come as POST /invoke, the world's requests as they are.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

type event struct {
	Name string `json:"name"`
}

func invoke(out http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		http.Error(out, err.Error(), http.StatusInternalServerError)
		return
	}
	asked := event{Name: "world"}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &asked); err != nil {
			out.Header().Set("x-fc-status", "404") // FC's way to say that the function failed.
			fmt.Fprintf(out, `{"errorMessage":%q,"errorType":"BadEvent","stackTrace":[]}`, err.Error())
			return
		}
	}
	log.Println("request", request.Header.Get("x-fc-request-id"))
	fmt.Fprintf(out, "hello %s, from %s", asked.Name, request.Header.Get("x-fc-function-name"))
}

func main() {
	port := os.Getenv("FC_CUSTOM_LISTEN_PORT")
	if port == "" {
		port = "9000"
	}
	http.HandleFunc("/invoke", invoke)
	http.HandleFunc("/", func(out http.ResponseWriter, request *http.Request) {
		fmt.Fprintln(out, "hello, from", request.URL.Path)
	})
	log.Fatal(http.ListenAndServe("0.0.0.0:"+port, nil))
}
