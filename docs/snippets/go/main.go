// go run .
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

type document map[string]any

func main() {
	url := os.Getenv("NATS_URL")
	if url == "" {
		url = nats.DefaultURL
	}
	connection, err := nats.Connect(url)
	check(err)
	defer connection.Close()
	js, err := jetstream.New(connection)
	check(err)
	// Nanoseconds as text: a JSON number would lose the last digits.
	now := time.Now().UnixNano()
	stamp := strconv.FormatInt(now, 10)

	check(connection.Publish("tw.metrics.gateway", encode(document{
		"name": "order_hop_seconds", "type": "observation", "value": 0.000184, "time": stamp,
		"labels": document{"hop": "risk", "venue": "XNAS", "strategy": "maker"},
	})))
	check(connection.Publish("tw.quotes.XNAS.AAPL", encode(document{
		"time": stamp, "venue": "XNAS", "symbol": "AAPL", "bid": 213.44, "bid_size": 300, "ask": 213.45, "ask_size": 200,
	})))

	id := fmt.Sprintf("go-%d", now)
	publishDurable(js, "tw.orders.XNAS.maker", document{
		"id": id + "-ack", "time": stamp, "order_id": id, "event": "ack", "sent_time": strconv.FormatInt(now-2_000_000, 10),
		"venue": "XNAS", "symbol": "AAPL", "strategy": "maker", "side": "buy", "quantity": 100, "price": 213.44,
	})
	publishDurable(js, "tw.fills.XNAS.maker", document{
		"id": id + "-1", "time": stamp, "order_id": id, "venue": "XNAS", "symbol": "AAPL", "strategy": "maker",
		"side": "buy", "quantity": 100, "price": 213.44, "fee": 0.2,
	})
	check(connection.Flush())
}

// publishDurable returns when the server has stored the document; a repeat of its id is dropped.
func publishDurable(js jetstream.JetStream, subject string, doc document) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := js.Publish(ctx, subject, encode(doc), jetstream.WithMsgID(doc["id"].(string)))
	check(err)
}

func encode(doc document) []byte {
	bytes, err := json.Marshal(doc)
	check(err)
	return bytes
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
