// Asks for app roles by the queue at APP_ROLE_REQUESTS (https://<account>.queue.core.windows.net), and waits for the
// result: go mod tidy && go run ./queue ../request.json
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"
)

func main() {
	ctx := context.Background()
	queues := must(azqueue.NewServiceClient(os.Getenv("APP_ROLE_REQUESTS"), must(azidentity.NewDefaultAzureCredential(nil)), nil))
	requests, results := queues.NewQueueClient("app-role-requests"), queues.NewQueueClient("app-role-results")
	sent := must(requests.EnqueueMessage(ctx, string(must(os.ReadFile(os.Args[1]))), nil)).Messages[0]
	take := &azqueue.DequeueMessagesOptions{NumberOfMessages: to.Ptr[int32](32), VisibilityTimeout: to.Ptr[int32](1)}
	for end := time.Now().Add(10 * time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		// Others wait for results in the same queue. A look hides nothing from them, and shows 32 messages.
		seen := must(results.PeekMessages(ctx, &azqueue.PeekMessagesOptions{NumberOfMessages: to.Ptr[int32](32)})).Messages
		if len(seen) < 32 && !strings.Contains(string(must(json.Marshal(seen))), *sent.MessageID) {
			continue
		}
		// What is theirs is hidden for a second.
		for _, message := range must(results.DequeueMessages(ctx, take)).Messages {
			var result struct {
				MessageID string
				Roles     []struct{ Requested, Status, Message string }
			}
			err := json.Unmarshal([]byte(*message.MessageText), &result)
			if err != nil || result.MessageID != *sent.MessageID {
				continue
			}
			must(results.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil))
			for _, role := range result.Roles {
				fmt.Println(role.Requested, role.Status, role.Message)
				if role.Status != "assigned" && role.Status != "alreadyAssigned" {
					defer os.Exit(1)
				}
			}
			return
		}
	}
	log.Fatalf("no result of %s within 10 minutes", *sent.MessageID)
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
