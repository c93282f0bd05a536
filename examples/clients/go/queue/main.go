// Asks for app roles by the queue, and waits for the result: go mod tidy && go run ./queue ../request.json
// APP_ROLE_REQUESTS is the URL of the queues: https://<account>.queue.core.windows.net.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"
)

func main() {
	ctx := context.Background()
	credential := must(azidentity.NewDefaultAzureCredential(nil))
	queues := must(azqueue.NewServiceClient(os.Getenv("APP_ROLE_REQUESTS"), credential, nil))
	requests, results := queues.NewQueueClient("app-role-requests"), queues.NewQueueClient("app-role-results")
	sent := must(requests.EnqueueMessage(ctx, string(must(os.ReadFile(os.Args[1]))), nil)).Messages[0]
	// Others wait for results in the same queue, and can take theirs again after a second.
	look := &azqueue.DequeueMessagesOptions{NumberOfMessages: to.Ptr[int32](32), VisibilityTimeout: to.Ptr[int32](1)}
	for end := time.Now().Add(10 * time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		for _, message := range must(results.DequeueMessages(ctx, look)).Messages {
			var result struct {
				MessageID string
				Roles     []struct{ Requested, Status, Message string }
			}
			check(json.Unmarshal([]byte(*message.MessageText), &result))
			if result.MessageID != *sent.MessageID {
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
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
