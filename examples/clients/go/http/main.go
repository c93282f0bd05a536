// Asks for app roles over HTTP, and waits for the result: go run ./http ../request.json
// APP_ROLE_BROKER is the URL of the broker, and APP_ROLE_BROKER_KEY a function key of AssignRoleHttp.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	body := must(os.ReadFile(os.Args[1]))
	endpoint := strings.TrimSuffix(os.Getenv("APP_ROLE_BROKER"), "/") + "/api/app-role-assignments"
	method, url := http.MethodPost, endpoint
	for end := time.Now().Add(10 * time.Minute); time.Now().Before(end); {
		call := must(http.NewRequest(method, url, bytes.NewReader(body)))
		call.Header.Set("x-functions-key", os.Getenv("APP_ROLE_BROKER_KEY"))
		call.Header.Set("Content-Type", "application/json")
		response := must(http.DefaultClient.Do(call))
		var result struct {
			Detail string
			Roles  []struct{ Requested, Status, Message string }
		}
		// The host itself refuses a wrong key, without a body.
		_ = json.NewDecoder(response.Body).Decode(&result)
		response.Body.Close()
		seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
		if response.StatusCode == http.StatusAccepted {
			// The request waits for an approval. The address tells what became of it.
			method, url, body, seconds = http.MethodGet, endpoint+response.Header.Get("Location"), nil, 10
		} else if err != nil {
			granted := response.StatusCode < 400
			for _, role := range result.Roles {
				fmt.Println(role.Requested, role.Status, role.Message)
				granted = granted && (role.Status == "assigned" || role.Status == "alreadyAssigned")
			}
			if !granted {
				log.Fatalln(response.Status, result.Detail)
			}
			return
		}
		// 429 and 503 say when to send the same again.
		time.Sleep(time.Duration(seconds) * time.Second)
	}
	log.Fatal("no result within 10 minutes")
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
